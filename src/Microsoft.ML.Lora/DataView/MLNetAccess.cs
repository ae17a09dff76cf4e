using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lora;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Runtime;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.DataView")]
[assembly: LoadableClass("Classifies texts by a pretrained encoder fine-tuned with low-rank adapters.",
    typeof(LoraTransformer), typeof(LoraTransformerLoader), null, typeof(SignatureLoadModel),
    "Lora Text Classifier", MLNetAccess.LoaderSignature)]

namespace System.Runtime.CompilerServices
{
    /// <summary>Read by the runtime: lets this assembly call the named assembly's non-public members.</summary>
    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
    {
        public string AssemblyName { get; } = assemblyName;
    }
}

namespace Microsoft.ML.Lora.DataView
{
    /// <summary>The one place that touches what ML.NET keeps from outsiders; everything else uses its public face.</summary>
    internal static class MLNetAccess
    {
        /// <summary>Names the loader in a saved model; at most 24 characters, never changed.</summary>
        public const string LoaderSignature = "LoraTextTransformer";

        private const string ModelSignature = "LORATEXT";
        private const uint Version = 0x00010001;

        /// <summary>The environment that a catalog's trainers run in.</summary>
        public static IHostEnvironment Environment(
            MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog) => catalog.GetEnvironment();

        /// <summary>The seed given to the MLContext, or null.</summary>
        public static int? Seed(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.Seed;

        /// <summary>The graphics processor asked for at the MLContext, or null.</summary>
        public static int? GpuDeviceId(IHostEnvironment environment) =>
            (environment as IHostEnvironmentInternal)?.GpuDeviceId;

        /// <summary>Whether the MLContext allows the CPU where the graphics processor cannot be used.</summary>
        public static bool FallbackToCpu(IHostEnvironment environment) =>
            (environment as IHostEnvironmentInternal)?.FallbackToCpu ?? true;

        /// <summary>Throws when the MLContext's work has been cancelled.</summary>
        public static void CheckAlive(IHostEnvironment environment) => Contracts.CheckAlive(environment);

        /// <summary>Throws ML.NET's error when an argument is null.</summary>
        public static void CheckValue<T>(IExceptionContext context, T? value, string parameter) where T : class =>
            Contracts.CheckValue(context, value, parameter);

        /// <summary>A column of a schema's shape.</summary>
        public static SchemaShape.Column ShapeColumn(string name, SchemaShape.Column.VectorKind kind,
            DataViewType itemType, bool isKey, SchemaShape? annotations = null) =>
            new(name, kind, itemType, isKey, annotations);

        /// <summary>A schema's shape, as estimators see it.</summary>
        public static SchemaShape ShapeOf(DataViewSchema schema) => SchemaShape.Create(schema);

        /// <summary>The visible column of that name, or null.</summary>
        public static SchemaShape.Column? FindColumn(SchemaShape shape, string name) =>
            shape.TryFindColumn(name, out SchemaShape.Column column) ? column : null;

        /// <summary>A shape column's type in ML.NET's words.</summary>
        public static string TypeName(SchemaShape.Column column) => column.GetTypeString();

        /// <summary>ML.NET's error for a column that is not there.</summary>
        public static Exception MissingColumn(IExceptionContext context, string parameter, string role, string name) =>
            context.ExceptSchemaMismatch(parameter, role, name);

        /// <summary>ML.NET's error for a column of another type.</summary>
        public static Exception WrongColumnType(IExceptionContext context, string parameter, string role, string name,
            string expected, string actual) => context.ExceptSchemaMismatch(parameter, role, name, expected, actual);

        /// <summary>ML.NET's error for an argument out of its range.</summary>
        public static Exception BadArgument(IExceptionContext context, string parameter, string message) =>
            context.ExceptParam(parameter, message);

        /// <summary>ML.NET's error for an operation that the data do not allow.</summary>
        public static Exception BadState(IExceptionContext context, string message) => context.Except(message);

        /// <summary>ML.NET's error for a saved model that does not hold what it should.</summary>
        public static Exception BadModel(IExceptionContext context, Exception inner, string message) =>
            context.ExceptDecode(inner, message);

        /// <summary>Starts our model in a zip: version header, then the text that Model.key carries.</summary>
        public static void SaveHeader(ModelSaveContext context, string text)
        {
            context.CheckAtModel();
            context.SetVersionInfo(GetVersionInfo());
            context.Writer.Write(text);
        }

        /// <summary>Writes a file beside our Model.key.</summary>
        public static void SaveFile(ModelSaveContext context, string name, Action<Stream> write) =>
            context.SaveBinaryStream(name, writer =>
            {
                writer.Flush();
                write(writer.BaseStream);
            });

        /// <summary>Checks the header of a saved model and returns the text that Model.key carries.</summary>
        public static string LoadHeader(ModelLoadContext context)
        {
            context.CheckAtModel(GetVersionInfo());
            return context.Reader.ReadString();
        }

        /// <summary>Reads a file beside our Model.key; false when there is none.</summary>
        public static bool TryLoadFile(ModelLoadContext context, string name, Action<Stream> read) =>
            context.TryLoadBinaryStream(name, reader => read(reader.BaseStream));

        private static VersionInfo GetVersionInfo() => new(
            modelSignature: ModelSignature,
            verWrittenCur: Version, // 0x00010001: first format
            verReadableCur: Version,
            verWeCanReadBack: Version,
            loaderAssemblyName: typeof(LoraTransformer).Assembly.FullName,
            loaderSignature: LoaderSignature);
    }

    /// <summary>Found by ML.NET through the assembly's attribute when a zip names our loader.</summary>
    internal static class LoraTransformerLoader
    {
        private static LoraTransformer Create(IHostEnvironment env, ModelLoadContext ctx) =>
            LoraTransformer.Load(env, MLNetAccess.LoadHeader(ctx), (name, read) => MLNetAccess.TryLoadFile(ctx, name, read));
    }
}
