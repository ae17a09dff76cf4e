using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(TransformerChain<ITransformer>), null, typeof(SignatureLoadModel),
    "Transformer chain", TransformerChain.LoaderSignature)]
[assembly: LoadableClass(typeof(CompositeDataLoader<IMultiStreamSource, ITransformer>), null,
    typeof(SignatureLoadModel), "Composite loader", CompositeLoaderModel.LoaderSignature)]
[assembly: LoadableClass(typeof(ValueToKeyMappingTransformer), null, typeof(SignatureLoadModel),
    "Term transform", ValueToKeyMappingTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(KeyToValueMappingTransformer), null, typeof(SignatureLoadModel),
    "Key to value transform", KeyToValueMappingTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ColumnCopyingTransformer), null, typeof(SignatureLoadModel),
    "Copy transform", ColumnCopyingTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ColumnSelectingTransformer), null, typeof(SignatureLoadModel),
    "Select columns transform", ColumnSelectingTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(TextLoader), null, typeof(SignatureLoadModel),
    "Text Loader", TextLoader.LoaderSignature)]
