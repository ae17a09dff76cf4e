using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Persistence;

namespace Microsoft.ML.Lora;

public sealed partial class LoraTextClassificationTrainer
{
    public sealed partial class Options
    {
        /// <summary>
        /// Options with which <see cref="Fit(IDataView, LoraTransformer)"/> goes on from a model: its base model, columns, length,
        /// head, and the kind, rank, scaling and layers of its updates. Everything else has its default and may be changed.
        /// </summary>
        /// <param name="model">A model trained here, loaded from a zip, or read from a PEFT folder (whose start, where it was
        /// taken out of the base as with PiSSA and OLoRA, has become a part of updates of twice the rank).</param>
        public static Options GoingOnFrom(LoraModel model)
        {
            ArgumentNullException.ThrowIfNull(model);
            ModelContents contents = model.Contents;
            AdapterConfig adapter = contents.AdapterConfig;
            return new Options
            {
                LabelColumnName = contents.Columns.Label,
                TextColumnName = contents.Columns.Text,
                TextPairColumnName = contents.Columns.TextPair,
                ScoreColumnName = contents.Columns.Score,
                PredictedLabelColumnName = contents.Columns.PredictedLabel,
                BaseModel = new LoraBaseModel(contents.BaseOrigin, contents.BaseFiles),
                MaxTokens = contents.MaxTokens,
                SaveBaseModel = contents.ArchivesBase,
                FineTuning = (LoraFineTuning)contents.FineTuning,
                Pooling = contents.Head.Pooling switch
                {
                    Models.Heads.Pooling.Mean => LoraPooling.Mean,
                    Models.Heads.Pooling.FirstToken => LoraPooling.FirstToken,
                    _ => LoraPooling.FamilyHead,
                },
                Rank = adapter.Rank,
                Alpha = adapter.Alpha,
                LoraDropout = adapter.Dropout,
                Scaling = adapter.UseRsLora ? LoraScaling.RankStabilized : LoraScaling.Standard,
                Formulation = adapter.UseDora ? LoraFormulation.Dora : LoraFormulation.Lora,
                TargetModules = model.AdaptedLayers.Count == 0
                    ? LoraTargetModules.AllLinear
                    : LoraTargetModules.Named([.. adapter.TargetModules.Names ?? model.AdaptedLayers.Select(layer => layer.Name)]),
                LayersToTransform = adapter.LayersToTransform is { } layers ? [.. layers] : null,
                RankPattern = adapter.RankPattern.Count == 0 ? null : adapter.RankPattern,
                AlphaPattern = adapter.AlphaPattern.Count == 0 ? null : adapter.AlphaPattern,
                Bias = adapter.Bias switch
                {
                    BiasTraining.All => LoraBias.All,
                    BiasTraining.LoraOnly => LoraBias.LoraOnly,
                    _ => LoraBias.None,
                },
                ModulesToSave = [.. adapter.ModulesToSave],
            };
        }
    }
}
