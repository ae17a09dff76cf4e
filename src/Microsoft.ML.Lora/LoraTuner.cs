using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>
/// Tries several values of a <see cref="LoraTextClassificationTrainer"/>'s options, and keeps the model that is best on the
/// validation rows. Rows are read and encoded once; the base model is read, packed and in memory once.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create a tuner, use [LoraTuner](xref:Microsoft.ML.LoraCatalog.LoraTuner*) of `mlContext.MulticlassClassification.Trainers`.
///
/// Every trial is a whole training, one after the other, each on all threads; the same seed gives the same trials and the same
/// models. The best of many trials looks better on the validation rows than it is: measure it on rows of a test set.
/// Trials share what none of them trains: the base's packed weights, and, as long as they train the same upper layers or the head
/// alone, what the layers below make of each row, so that all but the first of these trials compute the trained part only.
/// A weight that a trial changes (FineTuning.Full, PiSSA, OLoRA) is packed for that trial.
/// With CheckpointFolder every trial is kept in a folder of its own inside, so that a tuning that was stopped goes on where it was.
/// A cancelled tuning throws, or returns the trials so far where ReturnBestOnCancel is set.
/// ]]></format>
/// </remarks>
public sealed class LoraTuner
{
    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly LoraTextClassificationTrainer.Options _options;
    private readonly List<TunedOption> _tuned = [];

    internal LoraTuner(IHostEnvironment environment, LoraTextClassificationTrainer.Options options)
    {
        _environment = environment;
        _host = environment.Register(nameof(LoraTuner));
        _options = new TrainerSettings(options).Options;
    }

    /// <summary>Names an option and the values to try.</summary>
    /// <param name="option">The name of a field of <see cref="LoraTextClassificationTrainer.Options"/>, such as
    /// <c>nameof(LoraTextClassificationTrainer.Options.Rank)</c>.</param>
    /// <param name="values">The values, of the field's type or numbers that become such.</param>
    /// <returns>This tuner.</returns>
    /// <exception cref="ArgumentException">There is no such option, it cannot differ from trial to trial, it was named before,
    /// or a value does not fit it.</exception>
    public LoraTuner Try(string option, params object?[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Add(TunedOption.Choice(option, values));
        return this;
    }

    /// <summary>Names a numeric option and the range that random trials draw its values from.</summary>
    /// <param name="option">The name of a field of <see cref="LoraTextClassificationTrainer.Options"/>.</param>
    /// <param name="low">The lowest value.</param>
    /// <param name="high">The highest value, above <paramref name="low"/>.</param>
    /// <param name="logarithmic">Whether each factor is as likely as any other, as suits learning rates; needs a
    /// <paramref name="low"/> above 0.</param>
    /// <returns>This tuner.</returns>
    /// <exception cref="ArgumentException">There is no such option, it is no number, it cannot differ from trial to trial, it
    /// was named before, or the range is empty.</exception>
    public LoraTuner TryBetween(string option, double low, double high, bool logarithmic = false)
    {
        Add(TunedOption.Range(option, low, high, logarithmic));
        return this;
    }

    /// <summary>Tries every combination of the values named.</summary>
    /// <param name="input">The training rows; a part is held back to validate unless the options give a ValidationSet.</param>
    /// <param name="progress">Told of every trial when it ends; null for nobody.</param>
    /// <returns>The trials and the best model.</returns>
    /// <exception cref="InvalidOperationException">Nothing was named, an option has a range, there are no validation rows, or
    /// every trial failed.</exception>
    /// <exception cref="ArgumentException">A combination of values is refused by the trainer; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, see the remarks.</exception>
    public LoraTuning Grid(IDataView input, IProgress<LoraTrial>? progress = null)
    {
        CheckNamed();
        if (_tuned.FirstOrDefault(option => option.Values is null) is { } range)
        {
            throw MLNetAccess.BadState(_host,
                $"{range.Name} has a range, which a grid cannot go through: name its values with Try, or use Random.");
        }
        return Run(input, TuningPlan.Grid(_tuned), progress);
    }

    /// <summary>Tries combinations drawn at random from the values and ranges named, none twice.</summary>
    /// <param name="input">The training rows; a part is held back to validate unless the options give a ValidationSet.</param>
    /// <param name="trials">Number of trials, 1 or more; fewer where there are not as many combinations.</param>
    /// <param name="progress">Told of every trial when it ends; null for nobody.</param>
    /// <returns>The trials and the best model.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of trials is not 1 or more.</exception>
    /// <exception cref="InvalidOperationException">Nothing was named, there are no validation rows, or every trial failed.</exception>
    /// <exception cref="ArgumentException">A combination of values is refused by the trainer; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, see the remarks.</exception>
    public LoraTuning Random(IDataView input, int trials, IProgress<LoraTrial>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, 1);
        CheckNamed();
        return Run(input, TuningPlan.Random(_tuned, trials, Seed()), progress);
    }

    private LoraTuning Run(
        IDataView input, IReadOnlyList<IReadOnlyDictionary<string, object?>> plan, IProgress<LoraTrial>? progress)
    {
        MLNetAccess.CheckValue(_host, input, nameof(input));
        MLNetAccess.CheckAlive(_host);
        using IChannel channel = _host.Start("Tuning");
        return new TuningRun(_environment, _host, channel, _options, Seed()).Run(input, plan, progress);
    }

    // Drawn once where nothing gives a seed, so that trials differ in their options alone.
    private int Seed() => _options.Seed ??= MLNetAccess.Seed(_environment) ?? System.Random.Shared.Next();

    private void Add(TunedOption option)
    {
        if (_tuned.Any(other => other.Name == option.Name))
        {
            throw new ArgumentException($"{option.Name} is named twice.", nameof(option));
        }
        _tuned.Add(option);
    }

    private void CheckNamed()
    {
        if (_tuned.Count == 0)
        {
            throw MLNetAccess.BadState(_host, "No option is named: call Try or TryBetween first.");
        }
    }
}
