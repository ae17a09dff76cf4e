using System.Globalization;
using Microsoft.ML.Lora;
using Spectre.Console;

namespace QuickStart;

/// <summary>What the command line asks for.</summary>
internal sealed record Settings
{
    private const int UsageError = 2;

    private const string Help = """
        Fine-tunes a text classifier and tries it out. Without options: on the help-desk messages that come with it.

          --data FILE      rows to train on: TSV or CSV with a header
          --test FILE      rows to measure with; without it a fifth of --data is kept back
          --text NAME      column of the text (Text)
          --label NAME     column of the class (Label)
          --base FOLDER    pretrained model to start from (the embedded all-MiniLM-L6-v2)
          --output FILE    where the model goes (model.zip)
          --epochs N       passes over the rows at most (8)
          --rank N         rank of the low-rank updates (8)
          --seed N         decides everything random (1)
        """;

    public bool HasOwnData { get; private init; }

    public string Data { get; private init; } = Path.Combine(AppContext.BaseDirectory, "data", "messages.train.tsv");

    public string? Test { get; private init; } = Path.Combine(AppContext.BaseDirectory, "data", "messages.test.tsv");

    public string TextColumn { get; private init; } = "Text";

    public string LabelColumn { get; private init; } = "Label";

    public LoraBaseModel? BaseModel { get; private init; }

    public string Output { get; private init; } = Path.GetFullPath("model.zip");

    public int Epochs { get; private init; } = 8;

    public int Rank { get; private init; } = 8;

    public int Seed { get; private init; } = 1;

    /// <summary>Runs the program with the command line's settings; turns what went wrong into one line and an exit code.</summary>
    public static int Run(string[] args, Action<Settings> program)
    {
        AnsiConsole.Profile.Capabilities.Ansi &= !Console.IsOutputRedirected;
        try
        {
            if (args.Contains("--help"))
            {
                Console.WriteLine(Help);
                return 0;
            }
            program(Parse(args));
            return 0;
        }
        catch (UserErrorException e)
        {
            Console.Error.WriteLine(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException
            or ArgumentException or NotSupportedException)
        {
            Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }

    private static Settings Parse(string[] args)
    {
        Settings settings = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal)
                ? args[i + 1]
                : args[i].StartsWith("--", StringComparison.Ordinal)
                    ? throw new UserErrorException($"{args[i]} needs a value; --help lists the options.", UsageError)
                    : string.Empty;
            settings = args[i] switch
            {
                "--data" => settings with { Data = value, HasOwnData = true },
                "--test" => settings with { Test = value },
                "--text" => settings with { TextColumn = value },
                "--label" => settings with { LabelColumn = value },
                "--base" => settings with { BaseModel = Base(value) },
                "--output" => settings with { Output = OutputFile(value) },
                "--epochs" => settings with { Epochs = Number(args[i], value, least: 1) },
                "--rank" => settings with { Rank = Number(args[i], value, least: 1) },
                "--seed" => settings with { Seed = Number(args[i], value, least: 0) },
                _ => throw new UserErrorException($"'{args[i]}' is no option; --help lists the options.", UsageError),
            };
        }
        // The test file that comes along fits no other data.
        return settings.HasOwnData && !args.Contains("--test") ? settings with { Test = null } : settings;
    }

    private static LoraBaseModel Base(string folder) => Directory.Exists(folder)
        ? LoraBaseModel.FromFolder(folder)
        : throw new UserErrorException($"There is no folder {Path.GetFullPath(folder)} to take a base model from.");

    // Said before the training, not after it.
    private static string OutputFile(string file)
    {
        string path = Path.GetFullPath(file);
        return Directory.Exists(Path.GetDirectoryName(path))
            ? path
            : throw new UserErrorException($"There is no folder {Path.GetDirectoryName(path)} to write {Path.GetFileName(path)} to.");
    }

    private static int Number(string option, string value, int least) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least
            ? number
            : throw new UserErrorException($"{option} takes a whole number of {least} or more, not '{value}'.", UsageError);
}
