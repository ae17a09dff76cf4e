using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Benchmarks.Baselines;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>The help-desk messages are what their README says.</summary>
public sealed partial class MessagesTests
{
    private const double MostSharedWords = 0.7;

    private static readonly string _folder = Path.Combine(Repository.Root, "samples", "data");
    private static readonly string _trainFile = Path.Combine(_folder, "messages.train.tsv");
    private static readonly string _testFile = Path.Combine(_folder, "messages.test.tsv");

    [Fact]
    public void BothFilesAreUtf8TsvWithAHeader()
    {
        foreach (string file in new[] { _trainFile, _testFile })
        {
            byte[] bytes = File.ReadAllBytes(file);
            string content = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            Assert.StartsWith("Label\tText\n", content, StringComparison.Ordinal);
            Assert.EndsWith("\n", content, StringComparison.Ordinal);
            Assert.DoesNotContain('\r', content);
            Assert.All(LabelledRows.Read(file).Texts, text => Assert.Equal(text.Trim(), text));
            Assert.All(LabelledRows.Read(file).Texts, Assert.NotEmpty);
        }
    }

    [Fact]
    public void EveryClassHasAQuarterOfItsMessagesInTheTestFile()
    {
        Dictionary<string, int> train = LabelledRows.Read(_trainFile).Labels.CountBy(label => label).ToDictionary();
        Dictionary<string, int> test = LabelledRows.Read(_testFile).Labels.CountBy(label => label).ToDictionary();
        Assert.True(train.Count >= 8);
        Assert.True(train.Values.Sum() >= 900);
        Assert.Equal(train.Keys.Order(), test.Keys.Order());
        Assert.All(train.Keys, label => Assert.Equal(train[label], 3 * test[label]));
    }

    [Fact]
    public void NoMessageComesTwiceOrNearlySo()
    {
        string[] texts = [.. LabelledRows.Read(_trainFile).Texts, .. LabelledRows.Read(_testFile).Texts];
        HashSet<string>[] words = [.. texts.Select(text =>
            Word().Matches(text.ToLowerInvariant()).Select(match => match.Value).ToHashSet())];
        for (int i = 0; i < texts.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                int shared = words[i].Count(words[j].Contains);
                double share = shared / (double)(words[i].Count + words[j].Count - shared);
                Assert.False(share > MostSharedWords, $"'{texts[i]}' and '{texts[j]}' are nearly the same.");
            }
        }
    }

    [Fact]
    public void WordsAloneStayBelow85PercentAndTheReadmeSaysSo()
    {
        BagOfWordsResult result = BagOfWordsBench.Measure(LabelledRows.Read(_trainFile), LabelledRows.Read(_testFile), c: 10);
        Assert.InRange(result.Accuracy, 0.5, 0.85);
        Assert.Contains(
            result.Accuracy.ToString("F4", CultureInfo.InvariantCulture),
            File.ReadAllText(Path.Combine(_folder, "README.md")),
            StringComparison.Ordinal);
    }

    [GeneratedRegex(@"[\w']+")]
    private static partial Regex Word();
}
