using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Layers;

public class WorkspaceTests
{
    [Fact]
    public void MatricesDoNotOverlapWhateverTheirSizes()
    {
        using var workspace = new Workspace();
        var rented = new List<Matrix>();
        for (int i = 1; i < 40; i++)
        {
            Matrix matrix = workspace.Rent(i, 1 + (i * 7919 % 5000));
            matrix.Span.Fill(i);
            rented.Add(matrix);
        }

        for (int i = 0; i < rented.Count; i++)
        {
            Assert.All(rented[i].Span.ToArray(), value => Assert.Equal(i + 1, value));
        }
    }

    [Fact]
    public void ReleasedMemoryIsTakenAgain()
    {
        using var workspace = new Workspace();
        workspace.Rent(10, 10);
        Workspace.Position mark = workspace.Mark();
        workspace.Rent(100, 1000).Span.Fill(1);
        long capacity = workspace.Capacity;
        for (int i = 0; i < 10; i++)
        {
            workspace.Release(mark);
            workspace.Rent(100, 1000);
        }

        Assert.Equal(capacity, workspace.Capacity);
    }

    [Fact]
    public void ResetJoinsBlocksSoThatTheSameWorkNeedsNoMore()
    {
        using var workspace = new Workspace();
        for (int round = 0; round < 3; round++)
        {
            long before = workspace.Capacity;
            workspace.Reset();
            for (int i = 0; i < 20; i++)
            {
                workspace.Rent(100, 1000);
            }

            Assert.True(round == 0 || workspace.Capacity == before);
        }
    }
}
