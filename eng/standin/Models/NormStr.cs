using System.Collections;
using System.Text;

namespace Microsoft.ML.Internal.Utilities;

/// <summary>A string of a pool with its number.</summary>
internal sealed class NormStr
{
    public readonly ReadOnlyMemory<char> Value;

    public readonly int Id;

    private NormStr(string value, int id)
    {
        Value = value.AsMemory();
        Id = id;
    }

    public override int GetHashCode() => string.GetHashCode(Value.Span);

    /// <summary>Strings numbered from 0 in order of first use.</summary>
    public sealed class Pool : IEnumerable<NormStr>
    {
        private readonly List<NormStr> _strings = [];
        private readonly Dictionary<string, NormStr> _byText = [];

        public int Count => _strings.Count;

        public NormStr Add(string str) => Get(str, add: true);

        public NormStr Add(ReadOnlyMemory<char> str, bool duplicateStr = true) => Get(str.ToString(), add: true);

        public NormStr Add(StringBuilder sb) => Get(sb.ToString(), add: true);

        public NormStr Get(ReadOnlyMemory<char> str, bool add = false, bool duplicateStr = true) =>
            Get(str.ToString(), add);

        public NormStr Get(StringBuilder sb, bool add = false) => Get(sb.ToString(), add);

        public NormStr Get(string str, bool add = false)
        {
            str ??= "";
            if (!_byText.TryGetValue(str, out var found) && add)
            {
                found = new NormStr(str, _strings.Count);
                _strings.Add(found);
                _byText.Add(str, found);
            }

            return found;
        }

        public IEnumerator<NormStr> GetEnumerator() => _strings.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
