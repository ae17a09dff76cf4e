using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Persistence;

/// <summary>An adapter kept in 16 or 64 bits goes out as it came in, through folders and zips, until training changes it.</summary>
public sealed class StoredTypeTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Adapters
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string name in (string[])
            [
                "tiny-bert-qv", "tiny-bert-dora", "tiny-bert-pooler-saved", "tiny-bert-bias-lora-only", "tiny-bert-rank-pattern",
                "tiny-roberta-all-linear", "tiny-distilbert-qv", "tiny-modernbert-qkv", "tiny-deberta-v2-qv",
            ])
            {
                cases.Add(name, "F16");
                cases.Add(name, "BF16");
                cases.Add(name, "F64");
                cases.Add(name, "mixed");
            }

            return cases;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Adapters))]
    public void FoldersAndZipsKeepTheBytes(string name, string types)
    {
        string adapter = Retyped(Shared.Require($"models/tiny/peft/{name}/adapter"), "adapter_model.safetensors", types);
        LoraTransformer read = Read(adapter, name);
        read.Model.SavePeft(_folder.PathOf("out"));
        AssertSameBytes(adapter, _folder.PathOf("out"), "adapter_model.safetensors");

        _context.Model.Save(read, null, _folder.PathOf("model.zip"));
        using var loaded = (LoraTransformer)_context.Model.Load(_folder.PathOf("model.zip"), out _);
        loaded.Model.SavePeft(_folder.PathOf("again"));
        AssertSameBytes(adapter, _folder.PathOf("again"), "adapter_model.safetensors");
        Assert.Equal(read.Model.Score("my parcel"), loaded.Model.Score("my parcel"));

        read.Model.SaveAdapterOnly(_folder.PathOf("small.zip"));
        using var small = (LoraTransformer)_context.Model.Load(_folder.PathOf("small.zip"), out _);
        small.Model.SavePeft(_folder.PathOf("once more"));
        AssertSameBytes(adapter, _folder.PathOf("once more"), "adapter_model.safetensors");
        read.Dispose();
    }

    [SkippableFact]
    public void DoublesScoreAsTheFloatsNearestToThem()
    {
        const string Name = "tiny-bert-qv";
        string adapter = Retyped(Shared.Require($"models/tiny/peft/{Name}/adapter"), "adapter_model.safetensors", "F64");
        using LoraTransformer doubles = Read(adapter, Name);
        float[] expected = doubles.Model.Score("my parcel");
        doubles.Model.SaveMerged(_folder.PathOf("merged"));
        AssertTypes("F32", _folder.PathOf("merged"), "model.safetensors");

        Retyped(adapter, "adapter_model.safetensors", "F32");
        using LoraTransformer floats = Read(adapter, Name);
        Assert.Equal(expected, floats.Model.Score("my parcel"));
        floats.Model.SaveMerged(_folder.PathOf("merged floats"));
        AssertSameBytes(_folder.PathOf("merged floats"), _folder.PathOf("merged"), "model.safetensors");
    }

    [SkippableTheory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F64")]
    [InlineData("mixed")]
    public void SoDoesAHeadBesideAnEncodersAdapter(string types)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.Pooling = LoraPooling.Mean;
        using (LoraTransformer trained = Toy.Train(_context, options))
        {
            trained.Model.SavePeft(_folder.PathOf("trained"));
        }

        string adapter = Retyped(_folder.PathOf("trained"), "adapter_model.safetensors", types);
        Retyped(_folder.PathOf("trained"), PeftHeadFile.Name, types);
        using LoraTransformer read = _context.MulticlassClassification.Trainers.LoraFromAdapter(adapter).Load();
        read.Model.SavePeft(_folder.PathOf("out"));

        AssertSameBytes(adapter, _folder.PathOf("out"), "adapter_model.safetensors");
        AssertSameBytes(adapter, _folder.PathOf("out"), PeftHeadFile.Name);
        read.Model.SaveMerged(_folder.PathOf("merged"));
        AssertTypes("F32", _folder.PathOf("merged"), "model.safetensors");
    }

    [SkippableTheory]
    [InlineData("BF16")]
    [InlineData("F64")]
    public void WhatWasTrainedFurtherIsWrittenAsItWasTrained(string types)
    {
        string adapter = Retyped(Shared.Require("models/tiny/peft/tiny-bert-qv/adapter"), "adapter_model.safetensors", types);
        using LoraTransformer read = Read(adapter, "tiny-bert-qv", ["refund", "parcel", "login"]);
        LoraTextClassificationTrainer.Options options = LoraTextClassificationTrainer.Options.GoingOnFrom(read.Model);
        options.Epochs = 1;
        using LoraTransformer further = _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context), read);
        further.Model.SavePeft(_folder.PathOf("out"));

        AssertTypes("F32", _folder.PathOf("out"), "adapter_model.safetensors");
    }

    [SkippableTheory]
    [InlineData("F16")]
    [InlineData("F64")]
    public void AnUpdateThatIsConvertedIsWrittenAsFloatsAndItsHeadAsItWas(string types)
    {
        string adapter = Retyped(Shared.Require("models/tiny/peft/tiny-bert-pissa/adapter"), "adapter_model.safetensors", types);
        using LoraTransformer read = Read(adapter, "tiny-bert-pissa");
        read.Model.SavePeft(_folder.PathOf("out"));

        using var source = SafetensorsFile.Open(Path.Combine(adapter, "adapter_model.safetensors"));
        using var written = SafetensorsFile.Open(_folder.PathOf("out/adapter_model.safetensors"));
        Assert.All(written.Names, name =>
        {
            if (name.Contains("lora", StringComparison.Ordinal))
            {
                Assert.Equal(StorageType.F32, written.Find(name)!.Type);
            }
            else
            {
                AssertSameBytes(source.Find(name)!, written.Find(name)!);
            }
        });
    }

    private LoraTransformer Read(string adapter, string name, string[]? labels = null)
    {
        string model = name[..name.IndexOf('-', name.StartsWith("tiny-deberta", StringComparison.Ordinal) ? 13 : 5)];
        return _context.MulticlassClassification.Trainers.LoraFromAdapter(
            adapter, labels, baseModel: LoraBaseModel.FromFolder(Shared.Require("models/tiny/" + model))).Load();
    }

    // A copy of the folder, or the folder itself, whose tensors are of another type: rounded to 16 bits, or with digits that no float has.
    private string Retyped(string folder, string file, string types)
    {
        string copy = _folder.PathOf("retyped");
        Directory.CreateDirectory(copy);
        foreach (string name in Directory.GetFiles(folder).Where(name => !File.Exists(Path.Combine(copy, Path.GetFileName(name)))))
        {
            File.Copy(name, Path.Combine(copy, Path.GetFileName(name)));
        }

        using var memory = new MemoryStream();
        using (SafetensorsFile source = SafetensorsFile.Open(
            MappedMemory.FromArray(File.ReadAllBytes(Path.Combine(folder, file))), file))
        {
            SafetensorsWriter.Write(
                memory,
                source.Names.Select((name, index) => Retype(source.Find(name)!, types, index)),
                new Dictionary<string, string>(source.Metadata));
        }

        File.WriteAllBytes(Path.Combine(copy, file), memory.ToArray());
        return copy;
    }

    private static TensorToWrite Retype(StoredTensor tensor, string types, int index)
    {
        StorageType[] mixed = [StorageType.F16, StorageType.F64, StorageType.BF16, StorageType.F32];
        StorageType type = types == "mixed" ? mixed[index % mixed.Length] : Enum.Parse<StorageType>(types);
        float[] values = tensor.ToArray();
        if (type == StorageType.F64)
        {
            double[] doubles = Array.ConvertAll(values, value => value * (1 + 1e-11));
            doubles[0] = -double.Epsilon;
            doubles[^1] = Math.PI;
            return TensorToWrite.Doubles(tensor.Name, tensor.Shape.ToArray(), doubles);
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                StorageType.F16 => (float)(Half)values[i],
                StorageType.BF16 => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(values[i]) & 0xFFFF0000u),
                _ => values[i],
            };
        }

        return TensorToWrite.Floats(tensor.Name, tensor.Shape.ToArray(), values, type);
    }

    private static void AssertSameBytes(string expectedFolder, string writtenFolder, string file)
    {
        using var expected = SafetensorsFile.Open(Path.Combine(expectedFolder, file));
        using var written = SafetensorsFile.Open(Path.Combine(writtenFolder, file));
        Assert.Equal(expected.Names.Order(StringComparer.Ordinal), written.Names.Order(StringComparer.Ordinal));
        Assert.All(expected.Names, name => AssertSameBytes(expected.Find(name)!, written.Find(name)!));
    }

    private static void AssertSameBytes(StoredTensor expected, StoredTensor written)
    {
        Assert.Equal((expected.Type, expected.ShapeText), (written.Type, written.ShapeText));
        Assert.Equal(Bytes(expected), Bytes(written));
    }

    private static byte[] Bytes(StoredTensor tensor)
    {
        using var memory = new MemoryStream();
        tensor.WriteBytesTo(memory);
        return memory.ToArray();
    }

    private static void AssertTypes(string type, string folder, string file)
    {
        using var written = SafetensorsFile.Open(Path.Combine(folder, file));
        Assert.All(written.Names, name => Assert.Equal(type, written.Find(name)!.Type.Name()));
    }
}
