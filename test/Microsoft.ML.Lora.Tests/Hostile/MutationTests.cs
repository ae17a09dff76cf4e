using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Checkpoints.Pickle;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Hostile;

/// <summary>
/// Thousands of files that differ a little from right ones, the same ones every run: each is read or refused with an
/// error about its content; none crashes, hangs or asks for memory out of proportion.
/// </summary>
public class MutationTests
{
    private const int FewMutations = 300;

    private static readonly string[] _texts = ["Hello, wörld! aaaa ab abab\t\n[SEP] 日本語 😀", "", "ab ab ab <s> ▁ a"];

    [Fact]
    public void SafetensorsHeaders() => Mutants.Use(SafetensorsBytes(), bytes =>
    {
        using var file = SafetensorsFile.Open(MappedMemory.FromArray(bytes), "mutated");
        foreach (var name in file.Names)
        {
            if (file.Find(name)!.Type.IsFloat())
            {
                file.Find(name)!.ToArray();
            }
        }
    });

    [Fact]
    public void PickledCheckpoints() => Mutants.Use(TorchFile.Zip(TorchFile.Tensor()), bytes =>
    {
        using var file = PickledWeights.Open(MappedMemory.FromArray(bytes), "mutated");
        foreach (var name in file.Names)
        {
            if (file.Find(name)!.Type.IsFloat())
            {
                file.Find(name)!.ToArray();
            }
        }
    });

    [Fact]
    public void AdapterConfigs()
    {
        using var tensors = SafetensorsFile.Open(MappedMemory.FromArray(AdapterBytes()), "adapter");
        const string Config = """
            {"alpha_pattern":{"query":4.5},"base_model_name_or_path":"x","bias":"none","init_lora_weights":true,
             "layers_to_transform":[0,1],"lora_alpha":8,"lora_dropout":0.1,"modules_to_save":["classifier","score"],
             "peft_type":"LORA","r":2,"rank_pattern":{"query":2},"target_modules":["query"],"task_type":"SEQ_CLS"}
            """;
        Mutants.Use(Encoding.UTF8.GetBytes(Config), bytes => PeftAdapterReader.Read(ConfigJson.Parse(bytes, "mutated"), tensors, "bert."));
    }

    [Theory]
    [InlineData("""{"added_tokens":[{"id":0,"content":"[SEP]","special":true,"normalized":false,"lstrip":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",0],"cls":["[CLS]",1]},"decoder":{"type":"WordPiece"},"model":{"type":"WordPiece","unk_token":"[UNK]","max_input_chars_per_word":100,"vocab":{"[SEP]":0,"[CLS]":1,"[UNK]":2,"a":3,"##b":4,"hello":5,"##a":6}}}""")]
    [InlineData("""{"added_tokens":[{"id":4,"content":"<s>","single_word":true,"rstrip":true}],"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true},"post_processor":{"type":"RobertaProcessing","sep":["</s>",0],"cls":["<s>",4]},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","unk_token":"u","vocab":{"u":0,"a":1,"b":2,"ab":3,"abab":5,"Ġ":6},"merges":["a b","ab ab"]}}""")]
    [InlineData("""{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"StripAccents"},{"type":"Strip"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]},"decoder":{"type":"Metaspace"},"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1.5],["▁a",-2],["ab",-2.5],["▁",-3]]}}""")]
    public void Tokenizers(string json)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("tokenizer.json");
        Mutants.Use(Encoding.UTF8.GetBytes(json), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            Use(TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)));
        });
    }

    [SkippableFact]
    public void SentencePieceModels()
    {
        var model = File.ReadAllBytes(Shared.Require("models/tiny/tiny-xlm-roberta/sentencepiece.bpe.model"));
        using var folder = new TemporaryFolder();
        Mutants.Use(model[..4096], bytes =>
        {
            File.WriteAllBytes(folder.PathOf("spm.model"), bytes);
            Use(TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)));
        }, FewMutations);
    }

    [Fact]
    public void BaseConfigs() => InCopyOfBase("config.json", files =>
    {
        using var model = new ManagedModel(new SessionSpec { Base = files, Head = new HeadSpec { Outputs = 3 } }, prepare: false);
        return model.Model.ParameterCount;
    });

    [Theory]
    [InlineData("vocab.txt")]
    [InlineData("tokenizer_config.json")]
    public void TokenizerFilesOfOld(string name) => InCopyOfBase(name, files =>
    {
        Use(TextEncoder.Load(files));
        return 0;
    });

    [Fact]
    public void ShardIndices()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["a", "b"])
        {
            SafetensorsWriter.Write(folder.PathOf(name + ".safetensors"), [TensorToWrite.Floats(name, [2], new float[2])]);
        }

        const string Index = """{"metadata":{"total_size":16},"weight_map":{"a":"a.safetensors","b":"b.safetensors"}}""";
        Mutants.Use(Encoding.UTF8.GetBytes(Index), bytes =>
        {
            File.WriteAllBytes(folder.PathOf("model.safetensors.index.json"), bytes);
            using var weights = BaseModelFiles.FromFolder(folder.Path).OpenWeights();
            Assert.All(weights.Names, name => weights.Find(name)!.ToArray());
        });
    }

    // Whoever alters a manifest can make its hash fit.
    [Fact]
    public void Manifests()
    {
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using (var trained = Toy.Train(new MLContext(seed: 1), Toy.Options(epochs: 1)))
        {
            ModelArchive.Write(trained.Model.Contents, (name, write) =>
            {
                using var stream = new MemoryStream();
                write(stream);
                entries[name] = stream.ToArray();
            });
        }

        Mutants.Use(entries["manifest.json"], bytes =>
        {
            entries["manifest.json"] = bytes;
            ModelArchive.Read(Convert.ToHexStringLower(SHA256.HashData(bytes)), (name, read) =>
            {
                if (entries.TryGetValue(name, out var entry))
                {
                    read(new MemoryStream(entry));
                }

                return entry is not null;
            });
        }, FewMutations);
    }

    private static void InCopyOfBase(string mutated, Func<BaseModelFiles, long> use)
    {
        using var folder = new TemporaryFolder();
        foreach (var path in Directory.GetFiles(TinyBase.Folder))
        {
            File.Copy(path, folder.PathOf(Path.GetFileName(path)));
        }

        Mutants.Use(File.ReadAllBytes(folder.PathOf(mutated)), bytes =>
        {
            File.WriteAllBytes(folder.PathOf(mutated), bytes);
            use(BaseModelFiles.FromFolder(folder.Path));
        });
    }

    private static void Use(TextEncoder encoder)
    {
        foreach (var text in _texts)
        {
            var encoded = encoder.Encode(text, null, 32);
            Assert.All(encoded.Ids, id => Assert.InRange(id, 0, encoder.VocabularySize - 1));
            encoder.Tokenizer.Decode(encoded.Ids);
            encoder.Tokenizer.EncodeToTokens(text, out _);
        }
    }

    private static byte[] SafetensorsBytes() => Write(
        TensorToWrite.Floats("a.weight", [2, 3], new float[6]), TensorToWrite.Floats("b.bias", [4], new float[4]));

    private static byte[] AdapterBytes() => Write(
        TensorToWrite.Floats("base_model.model.bert.layer.0.query.lora_A.weight", [2, 3], new float[6]),
        TensorToWrite.Floats("base_model.model.bert.layer.0.query.lora_B.weight", [3, 2], new float[6]));

    private static byte[] Write(params TensorToWrite[] tensors)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, new Dictionary<string, string> { ["format"] = "pt" });
        return stream.ToArray();
    }
}
