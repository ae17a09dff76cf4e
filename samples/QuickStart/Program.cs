// Fine-tunes a pretrained text encoder on labelled messages, measures it, saves it, loads it again and lets it answer.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lora;
using QuickStart;

return Settings.Run(args, settings =>
{
    var mlContext = new MLContext(settings.Seed);
    (IDataView train, IDataView test) = DataFile.LoadBoth(mlContext, settings);

    // The label becomes a key, the trainer learns it from the text, and the prediction becomes a word again.
    ITransformer model = TrainingScreen.Show(progress => mlContext.Transforms.Conversion.MapValueToKey("Label")
        .Append(mlContext.MulticlassClassification.Trainers.Lora(new LoraTextClassificationTrainer.Options
        {
            BaseModel = settings.BaseModel,
            Epochs = settings.Epochs,
            Rank = settings.Rank,
            Progress = progress,
        }))
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
        .Fit(train));
    LoraModel facts = ((IEnumerable<ITransformer>)model).OfType<LoraTransformer>().Single().Model;
    ResultScreen.ShowModel(facts);

    MulticlassClassificationMetrics metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(test));
    ResultScreen.ShowMetrics(metrics, facts.Labels);

    mlContext.Model.Save(model, train.Schema, settings.Output);
    ResultScreen.ShowFile(settings.Output);

    ITransformer reloaded = mlContext.Model.Load(settings.Output, out _);
    var engine = mlContext.Model.CreatePredictionEngine<Message, Prediction>(reloaded);
    foreach (Message message in DataFile.Pick(mlContext, test, count: 6))
    {
        ResultScreen.ShowPrediction(message, engine.Predict(message), facts.Labels);
    }
    ResultScreen.ShowNext(settings);
});
