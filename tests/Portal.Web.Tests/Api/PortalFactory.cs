using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Portal.Domain.Compute;
using Portal.Testing.Compute;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>The whole web host in this process, on a real database, with the fake compute target in place of the local one.</summary>
public sealed class PortalFactory : WebApplicationFactory<Program>, IAsyncLifetime
{
    private string _keys = "";

    public PortalDatabaseFixture Database { get; private set; } = null!;

    /// <summary>Settings besides the usual ones, as <c>Section:Key</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Leaves the targets that the settings name in place; the fake one is not used then.</summary>
    public bool OwnTargets { get; init; }

    public FakeComputeTarget Target { get; } = new(TimeProvider.System);

    /// <summary>Master key, noted head, first passwords.</summary>
    public string KeyFolder => _keys;

    public string AdminToken => File.ReadAllText(Path.Combine(_keys, "admin-token"));

    public async ValueTask InitializeAsync()
    {
        Database = await PortalDatabaseFixture.CreateAsync();
        _keys = Directory.CreateTempSubdirectory("portal-web-").FullName;
        using var client = Client(null);
        for (var i = 0; i < 300; i++)
        {
            if ((await client.GetAsync("/readyz")).StatusCode == HttpStatusCode.OK) return;
            await Task.Delay(100);
        }
        throw new TimeoutException(await client.GetStringAsync("/readyz"));
    }

    /// <summary>A client with a bearer token; none when null.</summary>
    public HttpClient Client(string? token)
    {
        var client = CreateClient(new() { BaseAddress = new Uri("http://localhost:5080"), AllowAutoRedirect = false, HandleCookies = false });
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(_keys, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:Portal", Database.ConnectionString).UseSetting("Portal:KeyFolder", _keys).UseSetting("Local:DataFolder", _keys)
            .UseSetting("Portal:CatalogFolder", RepositoryFolder.Catalog).UseSetting("Reconcile:ObserveEvery", "00:00:00.2");
        foreach (var key in new[] { "PasswordTriesPerMinute", "ApiCallsPerSecond", "ApiBurst" }) builder.UseSetting("Limits:" + key, "1000000");
        foreach (var (key, value) in Settings) builder.UseSetting(key, value);
        if (OwnTargets) return;
        builder.ConfigureTestServices(services => services.RemoveAll<IComputeTarget>().AddSingleton<IComputeTarget>(Target));
    }
}

internal static class ApiCalls
{
    public static async Task<(HttpStatusCode Status, JsonElement Body)> CallAsync(this HttpClient client, HttpMethod method, string path, string? json = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, "/api/v1" + path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }
}
