using Microsoft.ML;
using Microsoft.ML.Data;

// "fit ZIP" trains on messages.tsv and saves model and loader; "load ZIP" loads both in a process that has trained nothing.
// Both print the same scores and metrics, bit for bit.
const string Messages = "messages.tsv";
var mlContext = new MLContext(seed: 1);
ITransformer model;
IDataLoader<IMultiStreamSource> loader;
if (args[0] == "fit")
{
    File.WriteAllLines(Messages,
    [
        "Label\tText",
        .. Enumerable.Range(0, 12).Select(i => $"praise\tLovely service, thank you, order {i}"),
        .. Enumerable.Range(0, 12).Select(i => $"refund\tI want my money back for order {i}"),
    ]);
    loader = mlContext.Data.CreateTextLoader<Message>(hasHeader: true);
    model = mlContext.Transforms.Conversion.MapValueToKey("Label")
        .Append(mlContext.MulticlassClassification.Trainers.Lora(epochs: 1))
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
        .Fit(loader.Load(new MultiFileSource(Messages)));
    mlContext.Model.Save(model, loader, args[1]);
}
else
{
    model = mlContext.Model.LoadWithDataLoader(args[1], out loader);
}

IDataView data = loader.Load(new MultiFileSource(Messages));
MulticlassClassificationMetrics metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(data));
Console.WriteLine($"accuracy {metrics.MicroAccuracy:R} log-loss {metrics.LogLoss:R}");
var engine = mlContext.Model.CreatePredictionEngine<Message, Prediction>(model);
foreach (Message message in mlContext.Data.CreateEnumerable<Message>(data, reuseRowObject: false).Where((_, i) => i % 12 == 0))
{
    Prediction prediction = engine.Predict(message);
    string bits = string.Join(' ', prediction.Score.Select(score => BitConverter.SingleToUInt32Bits(score).ToString("X8")));
    Console.WriteLine($"score {prediction.PredictedLabel} {bits}");
}

internal sealed class Message
{
    [LoadColumn(0)]
    public string Label { get; set; } = "";

    [LoadColumn(1)]
    public string Text { get; set; } = "";
}

internal sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
