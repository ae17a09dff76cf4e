using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization;

namespace Microsoft.ML.Lora.Benchmarks.Text;

/// <summary>
/// Tokenizer throughput: how many megabytes of UTF-8 text a second one thread and all processors turn into ids.
/// <c>bench tokenize [--base FOLDER] [--file TEXT] [--max-tokens N] [--seconds S]</c>
/// </summary>
internal static class TokenizeBench
{
    private const double Megabyte = 1e6;
    private const string Usage = "[--base FOLDER] [--file TEXT] [--max-tokens N] [--seconds S]";

    // Every kind of text a classifier of messages sees: plain, signs, numbers, accents, other scripts, emoji.
    private static readonly string[] _builtIn =
    [
        "Where is my order? I've been waiting since the 3rd of March, and nobody answers the phone.",
        "Hi, my card (ending 4417) was charged twice: $49.99 + $49.99 on 12/05 — please refund one of them asap!!",
        "the app keeps crashing when i try to log in, tried reinstalling 3 times already, android 14, pixel 7",
        "Thanks a lot for the quick reply, everything works now :-) You can close this ticket.",
        "Bonjour, ma carte a été débitée deux fois à Besançon ; pourriez-vous vérifier s'il vous plaît ?",
        "Здравствуйте, я до сих пор не получил посылку, хотя она была отправлена две недели назад.",
        "ご注文の商品はまだ届いていません。配送状況を教えてください。",
        "I'd like to change the delivery address to 221B Baker Street, London NW1 6XE 🙏",
    ];

    /// <summary>Runs the benchmark.</summary>
    public static int Run(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["--base"] = string.Empty,
            ["--file"] = string.Empty,
            ["--max-tokens"] = "1000000",
            ["--seconds"] = "3",
        };
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !options.ContainsKey(args[i]))
            {
                Console.Error.WriteLine($"'{args[i]}' is no option here or lacks its value.\nusage: bench tokenize {Usage}");
                return 2;
            }

            options[args[i]] = args[i + 1];
        }

        var (folder, path) = (options["--base"], options["--file"]);
        var files = folder.Length == 0 ? BaseModelFiles.Embedded() : BaseModelFiles.FromFolder(folder);
        var texts = path.Length == 0 ? Repeat(_builtIn, 4000) : File.ReadAllLines(path);
        var maxTokens = int.Parse(options["--max-tokens"], CultureInfo.InvariantCulture);
        var seconds = int.Parse(options["--seconds"], CultureInfo.InvariantCulture);

        var loading = Stopwatch.StartNew();
        var encoder = TextEncoder.Load(files);
        loading.Stop();
        var bytes = texts.Sum(text => (long)Encoding.UTF8.GetByteCount(text));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{files.Description}: {encoder.VocabularySize} tokens, loaded in {loading.Elapsed.TotalMilliseconds:0} ms; {texts.Length} texts, {bytes / Megabyte:0.00} MB"));
        foreach (var threads in new[] { 1, Environment.ProcessorCount }.Distinct())
        {
            Measure(encoder, texts, bytes, maxTokens, threads, TimeSpan.FromSeconds(seconds));
        }

        return 0;
    }

    private static void Measure(TextEncoder encoder, string[] texts, long bytes, int maxTokens, int threads, TimeSpan time)
    {
        Round(encoder, texts, maxTokens, threads);
        var allocated = GC.GetTotalAllocatedBytes();
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        long tokens = 0;
        var rounds = 0;
        for (; watch.Elapsed < time; rounds++)
        {
            tokens += Round(encoder, texts, maxTokens, threads);
        }

        var seconds = watch.Elapsed.TotalSeconds;
        var busy = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread(s): {bytes * rounds / Megabyte / seconds:0.0} MB/s ({bytes * rounds / Megabyte / busy:0.0} a second of processor time), {tokens / seconds / 1e6:0.00} M tokens/s, {(GC.GetTotalAllocatedBytes() - allocated) / ((double)texts.Length * rounds):0} bytes allocated a text"));
    }

    private static long Round(TextEncoder encoder, string[] texts, int maxTokens, int threads)
    {
        long tokens = 0;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, part =>
        {
            long own = 0;
            for (var i = part; i < texts.Length; i += threads)
            {
                own += encoder.Encode(texts[i], null, maxTokens).Ids.Length;
            }

            Interlocked.Add(ref tokens, own);
        });
        return tokens;
    }

    private static string[] Repeat(string[] texts, int count) =>
        [.. Enumerable.Range(0, count).Select(i => texts[i % texts.Length])];
}
