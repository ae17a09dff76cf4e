using Microsoft.ML;
using Microsoft.ML.Data;

// "fit ZIP" trains and saves, "load ZIP" loads in a process that has trained nothing; both print the same scores, bit for bit.
var mlContext = new MLContext(seed: 1);
Message[] messages =
[
    .. Enumerable.Range(0, 12).Select(i => new Message { Label = "praise", Text = $"Lovely service, thank you, order {i}" }),
    .. Enumerable.Range(0, 12).Select(i => new Message { Label = "refund", Text = $"I want my money back for order {i}" }),
];

ITransformer model;
if (args[0] == "fit")
{
    IDataView data = mlContext.Data.LoadFromEnumerable(messages);
    model = mlContext.Transforms.Conversion.MapValueToKey("Label")
        .Append(mlContext.MulticlassClassification.Trainers.Lora(epochs: 1))
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
        .Fit(data);
    mlContext.Model.Save(model, data.Schema, args[1]);
}
else
{
    model = mlContext.Model.Load(args[1], out _);
}

var engine = mlContext.Model.CreatePredictionEngine<Message, Prediction>(model);
foreach (Message message in messages.Take(2))
{
    Prediction prediction = engine.Predict(message);
    string bits = string.Join(' ', prediction.Score.Select(score => BitConverter.SingleToUInt32Bits(score).ToString("X8")));
    Console.WriteLine($"score {prediction.PredictedLabel} {bits}");
}

internal sealed class Message
{
    public string Label { get; set; } = "";

    public string Text { get; set; } = "";
}

internal sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
