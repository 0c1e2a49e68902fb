using AwesomeAssertions;
using Microsoft.Extensions.Options;
using Portal.Application.Access.SingleSignOn;
using Portal.Domain.Teams;
using Portal.Web.Access;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

public sealed class SignInSettingsTests
{
    private static OidcSettings Right => new() { Authority = "https://login.example.org/realms/ml", ClientId = "portal", ClientSecret = "s3cret" };

    [Fact]
    public void Default_And_ARightProvider_AreTaken()
    {
        Errors(new SignInSettings()).Should().BeEmpty();
        Errors(new SignInSettings { LocalAccounts = false, Oidc = Right }).Should().BeEmpty();
        Errors(new SignInSettings { Oidc = Right with { Authority = "http://127.0.0.1:8080/" } }).Should().BeEmpty("it is this machine");
    }

    [Fact]
    public void EveryWrongKey_IsNamedAtOnce_WithoutTheSecret()
    {
        var errors = Errors(new SignInSettings
        {
            Oidc = new OidcSettings { Authority = "http://login.example.org", ClientSecret = "s3cret", ClientSecretFile = "/nowhere", Scopes = "profile", NameClaim = "", EmailClaim = " ", GroupsClaim = "", DisplayName = "", RoleOf = "a=King; b", TeamOf = "c=No Team; d=:lead" },
        });
        foreach (var key in new[] { "Authority", "ClientId", "ClientSecretFile", "Scopes", "NameClaim", "EmailClaim", "GroupsClaim", "DisplayName", "RoleOf", "TeamOf" }) errors.Should().Contain(e => e.Contains($"SignIn:Oidc:{key}"), key);
        errors.Where(e => e.StartsWith("SignIn:Oidc:RoleOf")).Should().HaveCount(2);
        errors.Where(e => e.StartsWith("SignIn:Oidc:TeamOf")).Should().HaveCount(2);
        string.Join(' ', errors).Should().NotContain("s3cret");
        (Right.ToString() + new SignInSettings { Oidc = Right }).Should().NotContain("s3cret");
    }

    [Fact]
    public void NobodyCouldSignIn_IsRefused()
    {
        Errors(new SignInSettings { LocalAccounts = false }).Should().ContainSingle().Which.Should().Contain("SignIn:LocalAccounts").And.Contain("nobody could sign in");
        Errors(new SignInSettings { Oidc = Right with { Authority = null } }).Should().ContainSingle().Which.Should().Contain("SignIn:Oidc:Authority");
        Errors(new SignInSettings { Oidc = Right with { ClientSecret = null, ClientSecretFile = "/nowhere/at/all" } }).Should().ContainSingle().Which.Should().Contain("SignIn:Oidc:ClientSecretFile");
    }

    [Fact]
    public async Task Portal_WithoutAnyWayIn_DoesNotStart()
    {
        await using var portal = new PortalFactory { Settings = new Dictionary<string, string> { ["SignIn:LocalAccounts"] = "false" } };
        await portal.Invoking(p => p.InitializeAsync().AsTask()).Should().ThrowAsync<OptionsValidationException>().WithMessage("*SignIn:LocalAccounts*");
    }

    [Theory]
    [InlineData(null, "members", TeamRole.Member)]
    [InlineData(null, "members,leads", TeamRole.Lead)]
    [InlineData(TeamRole.Lead, "members", TeamRole.Member)]
    [InlineData(TeamRole.Lead, "", null)]
    [InlineData(TeamRole.Member, "", null)]
    [InlineData(null, "others", null)]
    public void Place_ThatGroupsManage_FollowsThem(TeamRole? now, string groups, TeamRole? after) =>
        GroupMap.Read(Right with { TeamOf = "members=vision;leads=vision:lead" }).PlaceIn("vision", groups.Split(','), now).Should().Be(after);

    [Theory]
    [InlineData("members=vision", TeamRole.Lead, "members", TeamRole.Lead)]
    [InlineData("members=vision", TeamRole.Lead, "", TeamRole.Lead)]
    [InlineData("leads=vision:lead", TeamRole.Member, "", TeamRole.Member)]
    [InlineData("leads=vision:lead", TeamRole.Member, "leads", TeamRole.Lead)]
    public void Place_ThatNoGroupCouldGive_IsNeverTakenAway(string map, TeamRole now, string groups, TeamRole after) =>
        GroupMap.Read(Right with { TeamOf = map }).PlaceIn("vision", groups.Split(','), now).Should().Be(after);

    private static IReadOnlyList<string> Errors(SignInSettings settings) => [.. new SignInSettingsValidator().Validate(null, settings).Failures ?? []];
}
