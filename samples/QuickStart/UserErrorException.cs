namespace QuickStart;

/// <summary>Something only the user can put right; the message is one line that says what and how.</summary>
public sealed class UserErrorException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
