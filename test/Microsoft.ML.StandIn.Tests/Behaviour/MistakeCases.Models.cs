using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

internal sealed partial class MistakeCases
{
    private void AddModels()
    {
        _cases["Model.Load: file not found"] = () => _ml.Model.Load("no_such_model.zip", out _);
        _cases["Model.Load: null path"] = () => _ml.Model.Load((string)null!, out _);
        _cases["Model.Load: empty path"] = () => _ml.Model.Load("", out _);
        _cases["Model.Save: null model"] = () =>
        {
            using var stream = new MemoryStream();
            _ml.Model.Save(null, _texts.Schema, stream);
            return stream.Length > 0;
        };
        _cases["Model.Save: null stream"] = () =>
        {
            _ml.Model.Save(_model, _texts.Schema, (Stream)null!);
            return null;
        };
        _cases["Model.Save: null path"] = () =>
        {
            _ml.Model.Save(_model, _texts.Schema, (string)null!);
            return null;
        };
        _cases["Preview on text data"] = () =>
        {
            var preview = _texts.Preview();
            return new
            {
                ToString = preview.ToString(),
                columns = preview.ColumnView.Select(column => column.Column.Name),
                rows = preview.RowView.Length,
            };
        };
    }

    private void AddEngines()
    {
        var example = new TextRow { Text = "t", Label = "b" };
        _cases["CreatePredictionEngine: input class lacks a column the model needs"] = () =>
            _ml.Model.CreatePredictionEngine<LabelRow, Prediction>(_model);
        _cases["CreatePredictionEngine: input member of the wrong type"] = () =>
            _ml.Model.CreatePredictionEngine<WrongTextRow, Prediction>(_model)
                .Predict(new WrongTextRow { Text = 5, Label = "a" }).LabelKey;
        _cases["CreatePredictionEngine: output member not in the schema, ignoreMissingColumns default (true)"] = () =>
            _ml.Model.CreatePredictionEngine<TextRow, MissingPrediction>(_model).Predict(example).Nope;
        _cases["CreatePredictionEngine: output member not in the schema, ignoreMissingColumns false"] = () =>
            _ml.Model.CreatePredictionEngine<TextRow, MissingPrediction>(_model, ignoreMissingColumns: false);
        _cases["CreatePredictionEngine: output member of the wrong type"] = () =>
            _ml.Model.CreatePredictionEngine<TextRow, WrongPrediction>(_model);
        _cases["CreatePredictionEngine: key into uint member; known, unknown and null label"] = () =>
        {
            var engine = _ml.Model.CreatePredictionEngine<TextRow, Prediction>(_model);
            return new[] { "a", "b", "zzz", null, "" }
                .Select(label => engine.Predict(new TextRow { Text = "t", Label = label }).LabelKey).ToArray();
        };
        _cases["CreatePredictionEngine: null transformer"] = () =>
            _ml.Model.CreatePredictionEngine<TextRow, Prediction>(null!);
        _cases["PredictionEngine.Predict(null)"] = () => Engine().Predict(null!);
        _cases["PredictionEngine.Predict(example, ref null prediction)"] = () =>
        {
            Prediction prediction = null!;
            Engine().Predict(example, ref prediction);
            return prediction.LabelKey;
        };
        _cases["PredictionEngine after Dispose"] = () =>
        {
            var engine = Engine();
            engine.Dispose();
            return engine.Predict(example).LabelKey;
        };
        _cases["PredictionEngine.OutputSchema"] = () => Engine().OutputSchema.Select(RecordedForm.Of);
        _cases["CreatePredictionEngine(model, inputSchema)"] = () =>
            _ml.Model.CreatePredictionEngine<TextRow, Prediction>(_model, _texts.Schema).Predict(example).LabelKey;
        _cases["PredictionEngine: two Predict calls return distinct objects"] = () =>
        {
            var engine = Engine();
            return !ReferenceEquals(engine.Predict(example), engine.Predict(example));
        };
    }

    private void AddLoaders()
    {
        TextLoader.Column[] columns = [new("A", DataKind.String, 0)];
        _cases["LoadFromTextFile: file not found"] = () =>
            _ml.Data.LoadFromTextFile("no_such_file_here.tsv", columns);
        _cases["LoadFromTextFile: null path"] = () => _ml.Data.LoadFromTextFile(null!, columns);
        _cases["LoadFromTextFile: empty path"] = () => _ml.Data.LoadFromTextFile("", columns);
        _cases["LoadFromTextFile<T> without LoadColumn attributes"] = () =>
            InTemporaryFile("x", path => _ml.Data.LoadFromTextFile<TextRow>(path));
        _cases["LoadFromTextFile: empty file"] = () => InTemporaryFile("", path =>
        {
            var view = _ml.Data.LoadFromTextFile(path, columns);
            return new { schema = view.Schema.Select(RecordedForm.Of), rows = Rows.Print(view).ToArray() };
        });
        _cases["CreateTextLoader: no columns"] = () => _ml.Data.CreateTextLoader(Array.Empty<TextLoader.Column>());
        _cases["CreateTextLoader: null columns"] = () => _ml.Data.CreateTextLoader((TextLoader.Column[])null!);
    }

    private static object InTemporaryFile(string content, Func<string, object> use)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, content);
            return use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private PredictionEngine<TextRow, Prediction> Engine() =>
        _ml.Model.CreatePredictionEngine<TextRow, Prediction>(_model);

    private sealed class TextRow
    {
        public string? Text;
        public string? Label;
    }

    private sealed class LabelRow
    {
        public string? Label { get; set; }
    }

    private sealed class WrongTextRow
    {
        public int Text { get; set; }

        public string? Label { get; set; }
    }

    private sealed class NumberRow
    {
        public int K { get; set; }
    }

    private sealed class KeyRow
    {
        [KeyType(3)]
        public uint Key { get; set; }
    }

    private sealed class Prediction
    {
        public uint LabelKey { get; set; }
    }

    private sealed class WrongPrediction
    {
        public int LabelKey { get; set; }
    }

    private sealed class MissingPrediction
    {
        public string? Nope { get; set; }
    }
}
