using System.Text;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Checkpoints.Pickle;
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
    private const int Mutations = 3000;
    private const long MaxAllocated = 64 << 20;

    private static readonly string[] _texts = ["Hello, wörld! aaaa ab abab\t\n[SEP] 日本語 😀", "", "ab ab ab <s> ▁ a"];

    [Fact]
    public void SafetensorsHeaders() => Mutate(SafetensorsBytes(), bytes =>
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
    public void PickledCheckpoints() => Mutate(TorchFile.Zip(TorchFile.Tensor()), bytes =>
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
        Mutate(Encoding.UTF8.GetBytes(Config), bytes => PeftAdapterReader.Read(ConfigJson.Parse(bytes, "mutated"), tensors, "bert."));
    }

    [Theory]
    [InlineData("""{"added_tokens":[{"id":0,"content":"[SEP]","special":true,"normalized":false,"lstrip":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",0],"cls":["[CLS]",1]},"decoder":{"type":"WordPiece"},"model":{"type":"WordPiece","unk_token":"[UNK]","max_input_chars_per_word":100,"vocab":{"[SEP]":0,"[CLS]":1,"[UNK]":2,"a":3,"##b":4,"hello":5,"##a":6}}}""")]
    [InlineData("""{"added_tokens":[{"id":4,"content":"<s>","single_word":true,"rstrip":true}],"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true},"post_processor":{"type":"RobertaProcessing","sep":["</s>",0],"cls":["<s>",4]},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","unk_token":"u","vocab":{"u":0,"a":1,"b":2,"ab":3,"abab":5,"Ġ":6},"merges":["a b","ab ab"]}}""")]
    [InlineData("""{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"StripAccents"},{"type":"Strip"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]},"decoder":{"type":"Metaspace"},"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1.5],["▁a",-2],["ab",-2.5],["▁",-3]]}}""")]
    public void Tokenizers(string json)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("tokenizer.json");
        Mutate(Encoding.UTF8.GetBytes(json), bytes =>
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
        Mutate(model[..4096], bytes =>
        {
            File.WriteAllBytes(folder.PathOf("spm.model"), bytes);
            Use(TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)));
        }, Mutations / 10);
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

    private static void Mutate(byte[] original, Action<byte[]> use, int count = Mutations)
    {
        for (var seed = 0; seed < count; seed++)
        {
            var mutated = Mutation(original, new Random(seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                use(mutated);
            }
            catch (Exception error) when (error is InvalidDataException or NotSupportedException or FileNotFoundException)
            {
                Assert.NotEmpty(error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"Mutation {seed} of {Encoding.Latin1.GetString(mutated)}\n{error}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
        }
    }

    // One to four small changes: a bit, a byte, a digit, a run left out, doubled or moved, an end cut off.
    private static byte[] Mutation(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 2; changes--)
        {
            var place = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 24), bytes.Count - place);
            switch (random.Next(8))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(place, length);
                    break;
                case 3:
                    bytes.InsertRange(place, bytes.GetRange(place, length));
                    break;
                case 4:
                    bytes.InsertRange(place, "-18446744073709551616e3"u8[..random.Next(1, 20)].ToArray());
                    break;
                case 5:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
                case 6:
                    var moved = bytes.GetRange(place, length);
                    bytes.RemoveRange(place, length);
                    bytes.InsertRange(random.Next(bytes.Count + 1), moved);
                    break;
                default:
                    bytes[place] = (byte)"{}[]\",:0129.nulltrue"[random.Next(20)];
                    break;
            }
        }

        return [.. bytes];
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
