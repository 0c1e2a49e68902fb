using AwesomeAssertions;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>Whoever has reached the portal over TLS once does not come without it again.</summary>
public sealed class TransportSecurityTests
{
    private static readonly Dictionary<string, string> Secure = new() { ["Portal:Url"] = "https://portal.example.org", ["Portal:AppsUrl"] = "https://{workload}.apps.example.net" };

    [Theory]
    [InlineData(true, "max-age=31536000")]
    [InlineData(false, null)]
    public async Task Portal_WithTls_SaysSoToBrowsers(bool tls, string? expected)
    {
        await using var portal = new PortalFactory { Settings = tls ? Secure : [] };
        await portal.InitializeAsync();
        using var answer = await portal.Client(null).GetAsync("/healthz", TestContext.Current.CancellationToken);
        (answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values.Single() : null).Should().Be(expected);
    }
}
