using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Persistence;

/// <summary>An adapter kept in 16 bits goes out as it came in, through folders and zips, until training changes it.</summary>
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
                cases.Add(name, "mixed");
            }

            return cases;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Adapters))]
    public void FoldersAndZipsKeepTheBytes(string name, string types)
    {
        string adapter = Narrowed(Shared.Require($"models/tiny/peft/{name}/adapter"), "adapter_model.safetensors", types);
        LoraTransformer read = Read(adapter, name);
        read.Model.SavePeft(_folder.PathOf("out"));
        AssertSameBytes(adapter, _folder.PathOf("out"), "adapter_model.safetensors");

        _context.Model.Save(read, null, _folder.PathOf("model.zip"));
        using var loaded = (LoraTransformer)_context.Model.Load(_folder.PathOf("model.zip"), out _);
        loaded.Model.SavePeft(_folder.PathOf("again"));
        AssertSameBytes(adapter, _folder.PathOf("again"), "adapter_model.safetensors");
        Assert.Equal(read.Model.Score("my parcel"), loaded.Model.Score("my parcel"));
        read.Dispose();
    }

    [SkippableTheory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void SoDoesAHeadBesideAnEncodersAdapter(string types)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.Pooling = LoraPooling.Mean;
        using (LoraTransformer trained = Toy.Train(_context, options))
        {
            trained.Model.SavePeft(_folder.PathOf("trained"));
        }

        string adapter = Narrowed(_folder.PathOf("trained"), "adapter_model.safetensors", types);
        Narrowed(_folder.PathOf("trained"), PeftHeadFile.Name, types);
        using LoraTransformer read = _context.MulticlassClassification.Trainers.LoraFromAdapter(adapter).Load();
        read.Model.SavePeft(_folder.PathOf("out"));

        AssertSameBytes(adapter, _folder.PathOf("out"), "adapter_model.safetensors");
        AssertSameBytes(adapter, _folder.PathOf("out"), PeftHeadFile.Name);
        read.Model.SaveMerged(_folder.PathOf("merged"));
        AssertTypes("F32", _folder.PathOf("merged"), "model.safetensors");
    }

    [SkippableFact]
    public void WhatWasTrainedFurtherIsWrittenInFull()
    {
        string adapter = Narrowed(Shared.Require("models/tiny/peft/tiny-bert-qv/adapter"), "adapter_model.safetensors", "BF16");
        using LoraTransformer read = Read(adapter, "tiny-bert-qv", ["refund", "parcel", "login"]);
        LoraTextClassificationTrainer.Options options = LoraTextClassificationTrainer.Options.GoingOnFrom(read.Model);
        options.Epochs = 1;
        using LoraTransformer further = _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context), read);
        further.Model.SavePeft(_folder.PathOf("out"));

        AssertTypes("F32", _folder.PathOf("out"), "adapter_model.safetensors");
    }

    [SkippableFact]
    public void AnUpdateThatIsConvertedIsWrittenInFullAndItsHeadAsItWas()
    {
        string adapter = Narrowed(Shared.Require("models/tiny/peft/tiny-bert-pissa/adapter"), "adapter_model.safetensors", "F16");
        using LoraTransformer read = Read(adapter, "tiny-bert-pissa");
        read.Model.SavePeft(_folder.PathOf("out"));

        using var written = SafetensorsFile.Open(_folder.PathOf("out/adapter_model.safetensors"));
        Assert.All(written.Names, tensor => Assert.Equal(
            tensor.Contains("lora", StringComparison.Ordinal) ? StorageType.F32 : StorageType.F16, written.Find(tensor)!.Type));
    }

    private LoraTransformer Read(string adapter, string name, string[]? labels = null)
    {
        string model = name[..name.IndexOf('-', name.StartsWith("tiny-deberta", StringComparison.Ordinal) ? 13 : 5)];
        return _context.MulticlassClassification.Trainers.LoraFromAdapter(
            adapter, labels, baseModel: LoraBaseModel.FromFolder(Shared.Require("models/tiny/" + model))).Load();
    }

    // A copy of the folder whose tensors, or every other one, are rounded to 16 bits.
    private string Narrowed(string folder, string file, string types)
    {
        string copy = _folder.PathOf("narrowed");
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
                memory, source.Names.Select((name, index) => Narrow(source.Find(name)!, types, index)), new Dictionary<string, string>(source.Metadata));
        }

        File.WriteAllBytes(Path.Combine(copy, file), memory.ToArray());
        return copy;
    }

    private static TensorToWrite Narrow(StoredTensor tensor, string types, int index)
    {
        StorageType type = types switch
        {
            "F16" => StorageType.F16,
            "BF16" => StorageType.BF16,
            _ => (index % 3) switch { 0 => StorageType.F16, 1 => StorageType.BF16, _ => StorageType.F32 },
        };
        float[] values = tensor.ToArray();
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
        Assert.All(expected.Names, name =>
        {
            StoredTensor before = expected.Find(name)!, after = written.Find(name)!;
            Assert.Equal((before.Type, before.ShapeText), (after.Type, after.ShapeText));
            Assert.Equal(Bytes(before), Bytes(after));
        });
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
