using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>A component's signature, its versions, and who loads it.</summary>
internal readonly struct VersionInfo
{
    public readonly ulong ModelSignature;

    public readonly uint VerWrittenCur;

    public readonly uint VerReadableCur;

    public readonly uint VerWeCanReadBack;

    public readonly string LoaderAssemblyName;

    public readonly string LoaderSignature;

    public readonly string LoaderSignatureAlt;

    /// <param name="modelSignature">Eight ASCII characters; a space is stored as a zero byte.</param>
    /// <param name="verWrittenCur">The version that is written.</param>
    /// <param name="verReadableCur">The oldest version of the component that reads what is written.</param>
    /// <param name="verWeCanReadBack">The oldest version that this component reads.</param>
    /// <param name="loaderAssemblyName">Full name of the assembly that registers the loader.</param>
    /// <param name="loaderSignature">At most 24 characters.</param>
    /// <param name="loaderSignatureAlt">At most 24 characters.</param>
    public VersionInfo(string modelSignature, uint verWrittenCur, uint verReadableCur, uint verWeCanReadBack,
        string loaderAssemblyName, string loaderSignature = null, string loaderSignatureAlt = null)
    {
        Contracts.Check(modelSignature is { Length: 8 }, "Model signature must be eight characters");
        ulong signature = 0;
        for (var i = 0; i < modelSignature.Length; i++)
        {
            var c = modelSignature[i];
            Contracts.Check(c <= 0xFF, "Model signature must be ASCII");
            signature |= (c == ' ' ? 0UL : c) << (8 * i);
        }

        Contracts.Check(verWeCanReadBack <= verWrittenCur, "Can't read back more than is written");
        ModelSignature = signature;
        VerWrittenCur = verWrittenCur;
        VerReadableCur = verReadableCur;
        VerWeCanReadBack = verWeCanReadBack;
        LoaderAssemblyName = loaderAssemblyName;
        LoaderSignature = loaderSignature;
        LoaderSignatureAlt = loaderSignatureAlt;
    }
}
