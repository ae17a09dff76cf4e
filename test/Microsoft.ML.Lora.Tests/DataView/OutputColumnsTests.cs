using Microsoft.ML.Data;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Tasks;
using Xunit;

namespace Microsoft.ML.Lora.Tests.DataView;

/// <summary>The added columns look like those of an in-box multiclass trainer, for every kind of label key.</summary>
public class OutputColumnsTests
{
    private static readonly DataViewSchema _input = Schema(("Text", TextDataViewType.Instance));

    [Fact]
    public void Text_labels_give_the_annotations_of_in_box_trainers()
    {
        DataViewSchema schema = Append(_input, new LabelSet(3, "String", ["neg", "neu", "pos"]));

        Assert.Equal(["Text", "PredictedLabel", "Score"], schema.Select(c => c.Name));
        Assert.Equal("Key<UInt32, 0-2>", schema["PredictedLabel"].Type.ToString());
        Assert.Equal("Vector<Single, 3>", schema["Score"].Type.ToString());
        Assert.Equal(
            ["ScoreColumnKind: String", "ScoreValueKind: String", "KeyValues: Vector<String, 3>",
                "ScoreColumnSetId: Key<UInt32, 0-2147483646>"],
            Annotations(schema["PredictedLabel"]));
        Assert.Equal(
            ["ScoreColumnKind: String", "ScoreColumnSetId: Key<UInt32, 0-2147483646>", "ScoreValueKind: String",
                "TrainingLabelValues: Vector<String, 3>", "SlotNames: Vector<String, 3>"],
            Annotations(schema["Score"]));
        Assert.Equal("MulticlassClassification", Text(schema["Score"], "ScoreColumnKind"));
        Assert.Equal("Score", Text(schema["Score"], "ScoreValueKind"));
        Assert.Equal("PredictedLabel", Text(schema["PredictedLabel"], "ScoreValueKind"));
        Assert.Equal(["neg", "neu", "pos"], Values<ReadOnlyMemory<char>>(schema["Score"], "SlotNames").Select(v => v.ToString()));
    }

    [Fact]
    public void Number_labels_keep_their_type_and_give_no_slot_names()
    {
        DataViewSchema schema = Append(_input, new LabelSet(3, "Int32", ["0", "10", "20"]));

        Assert.Equal([0, 10, 20], Values<int>(schema["PredictedLabel"], "KeyValues"));
        Assert.Equal([0, 10, 20], Values<int>(schema["Score"], "TrainingLabelValues"));
        Assert.DoesNotContain(schema["Score"].Annotations.Schema, c => c.Name == "SlotNames");
    }

    [Fact]
    public void Keys_without_values_give_neither()
    {
        DataViewSchema schema = Append(_input, new LabelSet(3, null, null));

        Assert.Equal(["ScoreColumnKind: String", "ScoreValueKind: String", "ScoreColumnSetId: Key<UInt32, 0-2147483646>"],
            Annotations(schema["PredictedLabel"]));
        Assert.Equal(["ScoreColumnKind: String", "ScoreColumnSetId: Key<UInt32, 0-2147483646>", "ScoreValueKind: String"],
            Annotations(schema["Score"]));
    }

    [Fact]
    public void A_second_scorer_of_a_pipeline_takes_the_next_set_id()
    {
        var labels = new LabelSet(2, null, null);
        DataViewSchema first = Append(_input, labels);
        DataViewSchema second = Append(first, labels);

        Assert.Equal(1u, SetId(first["Score"]));
        Assert.Equal(2u, SetId(second["Score"]));
        Assert.Equal(2u, SetId(second["PredictedLabel"]));
        Assert.Equal(5, second.Count);
    }

    public static TheoryData<string> ValueTypes => [.. KeyValueType.All.Keys];

    [Theory]
    [MemberData(nameof(ValueTypes))]
    public void Key_values_of_every_type_survive_as_text(string type)
    {
        string[] values = type switch
        {
            "String" => ["a", "", "ä b"],
            "Boolean" => ["false", "true"],
            "Single" => ["0.1", "-3.4028235E+38", "1E-45"],
            "Double" => ["0.1", "-1.7976931348623157E+308", "5E-324"],
            "DateTime" => ["2024-02-29T12:34:56.7890123Z", "0001-01-01T00:00:00.0000000"],
            "DateTimeOffset" => ["2024-02-29T12:34:56.7890123+05:30"],
            "TimeSpan" => ["-1.02:03:04.0050000", "00:00:00"],
            _ => ["1", "0", "127"],
        };
        var builder = new DataViewSchema.Annotations.Builder();
        KeyValueType.All[type].Add(builder, "KeyValues", values);

        Assert.Equal(values, KeyValueType.All[type].Read(builder.ToAnnotations(), "KeyValues"));
    }

    private static DataViewSchema Append(DataViewSchema input, LabelSet labels) =>
        new OutputColumns("PredictedLabel", "Score", labels).AppendTo(input);

    private static DataViewSchema Schema(params (string Name, DataViewType Type)[] columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach ((string name, DataViewType type) in columns)
        {
            builder.AddColumn(name, type);
        }
        return builder.ToSchema();
    }

    private static IEnumerable<string> Annotations(DataViewSchema.Column column) =>
        column.Annotations.Schema.Select(c => $"{c.Name}: {c.Type}");

    private static string Text(DataViewSchema.Column column, string kind)
    {
        ReadOnlyMemory<char> value = default;
        column.Annotations.GetValue(kind, ref value);
        return value.ToString();
    }

    private static uint SetId(DataViewSchema.Column column)
    {
        uint value = 0;
        column.Annotations.GetValue("ScoreColumnSetId", ref value);
        return value;
    }

    private static IEnumerable<T> Values<T>(DataViewSchema.Column column, string kind)
    {
        VBuffer<T> value = default;
        column.Annotations.GetValue(kind, ref value);
        return value.DenseValues();
    }
}
