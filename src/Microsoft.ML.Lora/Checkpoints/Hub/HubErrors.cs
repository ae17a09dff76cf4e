using System.Net;

namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>What the hub's refusals mean and what to do about them.</summary>
internal static class HubErrors
{
    /// <summary>Throws for an answer that is not a success.</summary>
    public static void ThrowIfRefused(HttpResponseMessage answer, string repository, string revision, string? file, bool hasToken)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        var code = answer.Headers.TryGetValues("X-Error-Code", out var values) ? values.FirstOrDefault() : null;
        var what = file is null ? $"model '{repository}'" : $"file '{file}' of the model '{repository}'";
        var status = (int)answer.StatusCode;
        var login = hasToken
            ? "The token given (HF_TOKEN) has no access to it."
            : "If it is private or gated, set HF_TOKEN to an access token of an account that may read it.";
        throw (answer.StatusCode, code) switch
        {
            (_, "GatedRepo") => new UnauthorizedAccessException(
                $"The model '{repository}' is gated ({status}): accept its conditions on its page on the hub. {login}"),
            (_, "RevisionNotFound") => new FileNotFoundException($"The model '{repository}' has no revision '{revision}' ({status})."),
            (HttpStatusCode.Unauthorized, _) => new UnauthorizedAccessException(
                $"The hub does not show the {what} (401): there is none of this name, or it is private. Check the name. {login}"),
            (HttpStatusCode.Forbidden, _) => new UnauthorizedAccessException($"The hub refuses access to the {what} (403). {login}"),
            (HttpStatusCode.NotFound, _) => new FileNotFoundException($"The hub has no {what} at revision '{revision}' (404)."),
            _ => new HttpRequestException($"The hub answered {status} for the {what}.", null, answer.StatusCode),
        };
    }

    /// <summary>Whether trying again may help: the connection broke, or the server is busy.</summary>
    public static bool IsPassing(Exception error) => error switch
    {
        HttpRequestException { StatusCode: { } status } => (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout,
        HttpRequestException or HttpIOException or TimeoutException => true,
        IOException => error.InnerException is System.Net.Sockets.SocketException,
        _ => false,
    };

    /// <summary>Whether a disk is full.</summary>
    public static bool IsDiskFull(IOException error)
    {
        const int UnixNoSpace = 28;
        const int WindowsDiskFull = 112;
        return (error.HResult & 0xFFFF) is UnixNoSpace or WindowsDiskFull;
    }
}
