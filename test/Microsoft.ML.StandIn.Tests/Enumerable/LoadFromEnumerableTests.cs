using System.Text.Json;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Enumerables;

/// <summary>Objects become the recorded schemas and rows.</summary>
public sealed class LoadFromEnumerableTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void Members_BecomeRecordedColumns()
    {
        JsonElement[] cases = [.. Golden.Read("behaviour/load_from_enumerable.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            string name = recorded.GetProperty("csharp").GetString()!;
            JsonElement outcome = recorded.GetProperty("result");
            Func<DataOperationsCatalog, IDataView> load = MemberCases.Find(name);
            if (!outcome.GetProperty("ok").GetBoolean())
            {
                ExceptionText.AssertThrows(name, outcome.GetProperty("exception"), () => load(new MLContext(1).Data));
                continue;
            }

            IDataView view = load(new MLContext(1).Data);
            JsonElement result = outcome.GetProperty("result");
            if (result.TryGetProperty("schema", out JsonElement schema))
            {
                SchemaText.AssertEqual(schema, view.Schema);
            }

            VisibleRows.AssertEqual(result.GetProperty("rows"), view, name);
        }

        output.WriteLine($"{cases.Length} of {cases.Length} classes compared");
    }
}
