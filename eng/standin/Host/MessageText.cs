using System.Globalization;

namespace Microsoft.ML.Runtime;

/// <summary>Fills the places of a message, and never fails over a message that is not a good format.</summary>
internal static class MessageText
{
    public static string Format(string message, object[] args)
    {
        try
        {
            return string.Format(CultureInfo.InvariantCulture, message, args);
        }
        catch (FormatException ex)
        {
            return "Format message " + message + ": " + ex.Message;
        }
    }
}
