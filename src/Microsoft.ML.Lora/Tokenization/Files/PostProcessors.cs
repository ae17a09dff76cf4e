using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>The post-processors of tokenizer.json as templates.</summary>
internal static class PostProcessors
{
    private static readonly Dictionary<string, Func<ConfigJson, PairTemplate?>> _known = new(StringComparer.Ordinal)
    {
        ["TemplateProcessing"] = Template,
        ["BertProcessing"] = json => PairTemplate.Bert(IdOf(json, "cls"), IdOf(json, "sep")),
        ["RobertaProcessing"] = json => PairTemplate.Roberta(IdOf(json, "cls"), IdOf(json, "sep")),

        // It trims offsets only.
        ["ByteLevel"] = _ => null,
        ["Sequence"] = Sequence,
    };

    /// <summary>The template that an object of tokenizer.json describes; null when it adds no tokens.</summary>
    /// <exception cref="NotSupportedException">Its type is not known here.</exception>
    public static PairTemplate? Create(ConfigJson json) => Registry.Find(_known, json, "post-processor")(json);

    private static PairTemplate? Sequence(ConfigJson json)
    {
        var templates = json.GetObjects("processors").Select(Create).OfType<PairTemplate>().ToList();
        if (templates.Count > 1)
        {
            Throw.NotSupported_InFile(json.File, "a sequence of several post-processors that add tokens is not supported.");
        }

        return templates.SingleOrDefault();
    }

    private static PairTemplate Template(ConfigJson json)
    {
        var tokens = json.GetObject("special_tokens");
        return new PairTemplate(Items(json, "single", tokens), Items(json, "pair", tokens));
    }

    private static List<TemplateItem> Items(ConfigJson json, string key, ConfigJson? tokens)
    {
        var items = new List<TemplateItem>();
        foreach (var item in json.GetObjects(key))
        {
            if (item.GetObject("Sequence") is { } sequence)
            {
                items.Add(new TemplateItem(-1, sequence.GetString("id") == "B", sequence.GetInt("type_id", 0)));
            }
            else if (item.GetObject("SpecialToken") is { } special)
            {
                var name = special.GetString("id");
                items.AddRange(Ids(json, tokens?.GetObject(name), name)
                    .Select(id => new TemplateItem(id, false, special.GetInt("type_id", 0))));
            }
            else
            {
                Throw.InvalidData_File(json.File, $"'{json.NameOf(key)}' has something other than Sequence and SpecialToken.");
            }
        }

        var texts = items.Where(item => item.IsText).Select(item => item.Second);
        if (!texts.SequenceEqual(key == "pair" ? [false, true] : [false]))
        {
            Throw.NotSupported_InFile(json.File, $"'{json.NameOf(key)}' does not hold each text once and in order.");
        }

        return items;
    }

    private static List<int> Ids(ConfigJson json, ConfigJson? token, string name)
    {
        var ids = new List<int>();
        if (token is not null && token.Root.TryGetProperty("ids", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= 0)
                {
                    ids.Add(id);
                }
            }
        }

        if (ids.Count == 0)
        {
            Throw.InvalidData_File(json.File, $"'{json.NameOf("special_tokens")}' has no ids for {Throw.Quote(name)}.");
        }

        return ids;
    }

    // Written as a list of the token and its id.
    private static int IdOf(ConfigJson json, string key)
    {
        if (json.Root.TryGetProperty(key, out var pair) && pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
            && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out var id) && id >= 0)
        {
            return id;
        }

        Throw.InvalidData_File(json.File, $"'{json.NameOf(key)}' is not a token with its id.");
        return 0;
    }
}
