using Microsoft.ML.Lora.Checkpoints.Hub;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Checkpoints.Hub;

public class HubSettingsTests
{
    [Fact]
    public void DefaultsAreThoseOfTheHubsOwnTools()
    {
        var settings = From([]);

        Assert.Equal("https://huggingface.co/", settings.Endpoint.ToString());
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), settings.CacheFolder, StringComparison.Ordinal);
        Assert.False(settings.IsOffline);
    }

    [Fact]
    public void VariablesAreHonoured()
    {
        using var home = new TemporaryFolder();
        File.WriteAllText(home.PathOf("token"), " from-file \n");

        var settings = From(new() { ["HF_HOME"] = home.Path, ["HF_ENDPOINT"] = "https://mirror.example/hf/", ["HF_HUB_OFFLINE"] = "1" });

        Assert.Equal(home.PathOf("hub"), settings.CacheFolder);
        Assert.Equal("https://mirror.example/hf/", settings.Endpoint.ToString());
        Assert.Equal("from-file", settings.Token);
        Assert.True(settings.IsOffline);
        Assert.Equal("given", From(new() { ["HF_HOME"] = home.Path, ["HF_TOKEN"] = "given" }).Token);
        Assert.Equal(home.PathOf("other"), From(new() { ["HF_HOME"] = "/x", ["HF_HUB_CACHE"] = home.PathOf("other") }).CacheFolder);
    }

    [Fact]
    public void AnEndpointThatIsNoAddressIsRefused() =>
        Assert.Throws<InvalidOperationException>(() => From(new() { ["HF_ENDPOINT"] = "huggingface" }));

    private static HubSettings From(Dictionary<string, string> variables) =>
        HubSettings.From(name => variables.GetValueOrDefault(name));
}
