using System.Net;
using System.Net.Http.Headers;

namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>
/// Requests to the hub: redirects followed by hand, so that the token goes to the hub alone and the hub's own answer
/// about a file is seen before the storage's. Proxies come from the environment.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HubSettings _settings;
    private readonly HttpClient _client;

    /// <summary>Prepares; nothing is sent yet.</summary>
    public HubConnection(HubSettings settings)
    {
        _settings = settings;
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = settings.Silence,
            UseCookies = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Microsoft.ML.Lora", "1.0"));
        _client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    /// <summary>An address on the hub.</summary>
    public Uri AddressOf(string path) => new(_settings.Endpoint, path);

    /// <summary>Asks, following redirects.</summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="address">Where to.</param>
    /// <param name="from">The first byte wanted; 0 for all.</param>
    /// <param name="withinHub">Whether to stop at a redirect that leads elsewhere than to another path of the hub.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri address, long from, bool withinHub, CancellationToken cancellation)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(method, address);
            if (_settings.Token is { } token && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            var answer = await WithinSilence(
                limit => _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit), cancellation)
                .ConfigureAwait(false);
            var target = answer.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Redirect or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect ? answer.Headers.Location : null;
            if (target is null || (withinHub && target.IsAbsoluteUri))
            {
                return answer;
            }

            answer.Dispose();
            var next = new Uri(address, target);
            if (redirects == MaxRedirects || next.Scheme is not ("http" or "https")
                || (address.Scheme == "https" && next.Scheme == "http"))
            {
                throw new HttpRequestException($"The hub redirects from '{address}' in a way that is not followed.");
            }

            address = next;
        }
    }

    /// <summary>Does something that the server must not keep silent for longer than is allowed.</summary>
    /// <exception cref="TimeoutException">It did.</exception>
    public async Task<T> WithinSilence<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_settings.Silence);
        try
        {
            return await action(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The server has been silent for {_settings.Silence.TotalSeconds} seconds.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private bool IsHub(Uri address) =>
        Uri.Compare(address, _settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
