using System.Globalization;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>
/// The folder a run's checkpoints lie in: numbered files, of which the two newest stay, so that there is one to fall back on.
/// A lock keeps a second process out while a run is under way.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".safetensors";
    private const string LockFile = "run.lock";
    private const int Kept = 2;

    private readonly string _folder;
    private readonly FileStream _lock;
    private int _latest;

    private RunFolder(string folder, FileStream held)
    {
        _folder = folder;
        _lock = held;
        _latest = Numbers(folder).FirstOrDefault();
    }

    /// <summary>Makes the folder if need be, and takes it for this run.</summary>
    /// <exception cref="OtherRunException">Another run has it.</exception>
    /// <exception cref="IOException">It cannot be made or written to.</exception>
    public static RunFolder Open(string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, LockFile);
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                FileOptions.DeleteOnClose);
        }
        catch (IOException error) when (File.Exists(path))
        {
            throw new OtherRunException(
                $"CheckpointFolder '{folder}' is in use by another training run: give each run a folder of its own.", error);
        }
        foreach (string left in Directory.EnumerateFiles(folder, $"{Prefix}*.tmp"))
        {
            File.Delete(left);
        }
        return new RunFolder(folder, held);
    }

    /// <summary>The seed of the run whose checkpoints lie in a folder; null when there are none, or none that can be read.</summary>
    public static int? SeedIn(string folder)
    {
        foreach (int number in Numbers(folder))
        {
            try
            {
                return RunCheckpointFile.Read(PathOf(folder, number)).Run.Seed;
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                continue;
            }
        }
        return null;
    }

    /// <summary>The newest checkpoint, or the one before it when that is damaged; null when there are none.</summary>
    /// <param name="run">The run that asks.</param>
    /// <param name="warn">Told of a damaged file that is passed over.</param>
    /// <exception cref="OtherRunException">They are of another run; the message says what differs.</exception>
    /// <exception cref="InvalidDataException">None can be read.</exception>
    public RunCheckpoint? Load(RunIdentity run, Action<string>? warn)
    {
        InvalidDataException? damage = null;
        foreach (int number in Numbers(_folder))
        {
            try
            {
                RunCheckpoint checkpoint = RunCheckpointFile.Read(PathOf(_folder, number));
                CheckRun(run, checkpoint.Run);
                if (damage is not null)
                {
                    warn?.Invoke($"A checkpoint is damaged, and the one before it is taken: {damage.Message}");
                }
                return checkpoint;
            }
            catch (InvalidDataException error)
            {
                damage ??= error;
            }
        }
        return damage is null ? null : throw new InvalidDataException(
            $"No checkpoint in CheckpointFolder '{_folder}' can be read. Delete them to train from the start. " +
            damage.Message, damage);
    }

    /// <summary>Adds a checkpoint, and removes those that are too old.</summary>
    public void Save(RunCheckpoint checkpoint)
    {
        _latest++;
        RunCheckpointFile.Write(PathOf(_folder, _latest), checkpoint);
        foreach (int number in Numbers(_folder).Skip(Kept))
        {
            File.Delete(PathOf(_folder, number));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private void CheckRun(RunIdentity here, RunIdentity there)
    {
        IReadOnlyList<string> differences = here.DifferencesFrom(there);
        if (differences.Count > 0)
        {
            throw new OtherRunException(
                $"CheckpointFolder '{_folder}' holds the checkpoints of another training run: " +
                $"{string.Join("; ", differences)}. Give each run a folder of its own, or delete the checkpoints to train " +
                "from the start.");
        }
    }

    // Newest first.
    private static IEnumerable<int> Numbers(string folder) => !Directory.Exists(folder) ? [] :
        Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}")
            .Select(path => Path.GetFileName(path)[Prefix.Length..^Suffix.Length])
            .Where(digits => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(digits => int.Parse(digits, CultureInfo.InvariantCulture))
            .OrderDescending();

    private static string PathOf(string folder, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D6}{Suffix}"));
}
