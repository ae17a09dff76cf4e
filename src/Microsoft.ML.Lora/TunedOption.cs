using System.Globalization;
using System.Reflection;
using Microsoft.ML.Lora.Tensors;
using Options = Microsoft.ML.Lora.LoraTextClassificationTrainer.Options;

namespace Microsoft.ML.Lora;

/// <summary>An option that differs from trial to trial: its field, and its values or their range.</summary>
internal sealed class TunedOption
{
    // Columns, rows and the base are read once for all trials, and who watches is not for trials to choose.
    private static readonly string[] _fixed =
    [
        nameof(Options.AddNewClasses), nameof(Options.BaseModel), nameof(Options.CancellationToken),
        nameof(Options.CheckpointFolder), nameof(Options.CheckpointInterval), nameof(Options.CheckpointSteps),
        nameof(Options.ExampleWeightColumnName), nameof(Options.LabelColumnName), nameof(Options.MaxTokens),
        nameof(Options.NumberOfThreads), nameof(Options.PredictedLabelColumnName), nameof(Options.Progress),
        nameof(Options.RecomputeActivations), nameof(Options.ReturnBestOnCancel), nameof(Options.SaveBaseModel), nameof(Options.ScoreColumnName),
        nameof(Options.TextColumnName), nameof(Options.TextPairColumnName), nameof(Options.ValidationFraction),
        nameof(Options.ValidationMetric), nameof(Options.ValidationSet),
    ];

    private static readonly Type[] _numbers = [typeof(int), typeof(float), typeof(LoraRank)];

    private readonly FieldInfo _field;
    private readonly Func<double, double>? _draw;

    private TunedOption(FieldInfo field, IReadOnlyList<object?>? values, Func<double, double>? draw)
    {
        _field = field;
        Values = values;
        _draw = draw;
    }

    /// <summary>The field's name.</summary>
    public string Name => _field.Name;

    /// <summary>The values to try; null for a range.</summary>
    public IReadOnlyList<object?>? Values { get; }

    /// <summary>An option with the values to try.</summary>
    /// <exception cref="ArgumentException">There is no such option, or a value does not fit it.</exception>
    public static TunedOption Choice(string option, IReadOnlyList<object?> values)
    {
        FieldInfo field = Field(option);
        return values.Count > 0
            ? new TunedOption(field, [.. values.Select(value => Fit(field, value))], null)
            : throw new ArgumentException($"No value of {option} is given.", nameof(values));
    }

    /// <summary>An option with a range to draw from.</summary>
    /// <exception cref="ArgumentException">There is no such option, it is no number, or the range is empty.</exception>
    public static TunedOption Range(string option, double low, double high, bool logarithmic)
    {
        FieldInfo field = Field(option);
        if (!_numbers.Contains(TypeOf(field)))
        {
            throw new ArgumentException($"{option} is no number, so it has no range: name its values with Try.", nameof(option));
        }
        if (!(low < high && double.IsFinite(low) && double.IsFinite(high)) || (logarithmic && low <= 0))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"The range of {option} from {low} to {high} is none{(logarithmic ? " on a logarithmic scale" : "")}."), nameof(low));
        }
        return new TunedOption(field, null, logarithmic
            ? share => low * Math.Pow(high / low, share)
            : share => low + ((high - low) * share));
    }

    /// <summary>A value for a trial.</summary>
    /// <param name="random">A stream of the trial.</param>
    public object? Draw(RandomStream random)
    {
        RandomStream own = random.Fork(Name);
        return Values is { } values ? values[own.Integer(0, values.Count)] : Fit(_field, _draw!(own.Uniform(0)));
    }

    /// <summary>Puts a value into options.</summary>
    public static void Set(Options options, string name, object? value) => Field(name).SetValue(options, value);

    private static FieldInfo Field(string option)
    {
        ArgumentNullException.ThrowIfNull(option);
        string[] names = [.. typeof(Options).GetFields().Select(field => field.Name).Except(_fixed).Order(StringComparer.Ordinal)];
        return names.Contains(option)
            ? typeof(Options).GetField(option)!
            : throw new ArgumentException(
                $"'{option}' is no option that can differ from trial to trial. These can: {string.Join(", ", names)}.",
                nameof(option));
    }

    private static Type TypeOf(FieldInfo field) => Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType;

    private static object? Fit(FieldInfo field, object? value)
    {
        Type type = TypeOf(field);
        bool nullable = !field.FieldType.IsValueType || Nullable.GetUnderlyingType(field.FieldType) is not null;
        if (value is null ? nullable : type.IsInstanceOfType(value))
        {
            return value;
        }
        if (value is int or float or double && type == typeof(float))
        {
            return Convert.ToSingle(value, CultureInfo.InvariantCulture);
        }
        if (value is int rank && type == typeof(LoraRank))
        {
            return (LoraRank)rank;
        }
        if (value is double number && (type == typeof(int) || type == typeof(LoraRank)))
        {
            return Fit(field, (int)Math.Round(number));
        }
        throw new ArgumentException(
            FormattableString.Invariant($"{field.Name} takes a {type.Name}; {value ?? "null"} is none."), nameof(value));
    }
}
