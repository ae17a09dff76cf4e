using System.Xml.Linq;

namespace Microsoft.ML.Lora.Build;

/// <summary>Reads a test run's results file and prints its failures and the reasons of skipped tests.</summary>
internal static class TestResults
{
    private const int MessageLines = 30;
    private const int StackLines = 6;

    private static readonly XNamespace _namespace = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public static TestCounts Report(string path)
    {
        TestCounts counts = default;
        SortedDictionary<string, int> skipped = [];
        foreach (XElement result in XDocument.Load(path).Descendants(_namespace + "UnitTestResult"))
        {
            switch ((string?)result.Attribute("outcome"))
            {
                case "Passed":
                    counts.Passed++;
                    break;
                case "NotExecuted":
                    counts.Skipped++;
                    string reason = ErrorText(result, "Message");
                    skipped[reason] = skipped.GetValueOrDefault(reason) + 1;
                    break;
                default:
                    counts.Failed++;
                    PrintFailure(result);
                    break;
            }
        }

        foreach ((string reason, int count) in skipped)
        {
            Console.WriteLine($"  skipped {count}: {reason}");
        }

        return counts;
    }

    private static void PrintFailure(XElement result)
    {
        Console.WriteLine($"  FAILED {(string?)result.Attribute("testName")}");
        foreach (string line in ErrorText(result, "Message").Split('\n').Take(MessageLines))
        {
            Console.WriteLine($"    {line.TrimEnd()}");
        }

        foreach (string line in ErrorText(result, "StackTrace").Split('\n').Take(StackLines))
        {
            Console.WriteLine($"      {line.Trim()}");
        }
    }

    private static string ErrorText(XElement result, string name) =>
        result.Descendants(_namespace + "ErrorInfo").Elements(_namespace + name).FirstOrDefault()?.Value.Trim()
        ?? result.Descendants(_namespace + "StdOut").FirstOrDefault()?.Value.Trim() ?? "no reason given";
}
