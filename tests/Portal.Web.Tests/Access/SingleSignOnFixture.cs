using Portal.Testing.OpenId;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>A portal and the provider that it trusts.</summary>
public class SingleSignOnFixture : IAsyncLifetime
{
    public OpenIdProvider Provider { get; private set; } = null!;

    public PortalFactory Portal { get; private set; } = null!;

    protected virtual IReadOnlyDictionary<string, string> More { get; } = new Dictionary<string, string>
    {
        ["SignIn:Oidc:RoleOf"] = "ml-admins=Admin; cn=finance,ou=groups=FinOps",
        ["SignIn:Oidc:TeamOf"] = "ml-vision=vision; ml-vision-leads=vision:lead; ml-nowhere=nowhere",
    };

    public async ValueTask InitializeAsync()
    {
        Provider = await OpenIdProvider.StartAsync(new Uri("http://localhost:5080"));
        Portal = new PortalFactory { Settings = Provider.Settings.Concat(More).ToDictionary() };
        await Portal.InitializeAsync();
        await Portal.Client(Portal.AdminToken).CallAsync(HttpMethod.Post, "/teams", """{"slug": "vision", "name": "Vision"}""");
        await Portal.Client(Portal.AdminToken).CallAsync(HttpMethod.Post, "/teams", """{"slug": "speech", "name": "Speech"}""");
    }

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        await Provider.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same without local accounts.</summary>
public sealed class WithoutLocalAccountsFixture : SingleSignOnFixture
{
    protected override IReadOnlyDictionary<string, string> More { get; } = new Dictionary<string, string> { ["SignIn:LocalAccounts"] = "false" };
}
