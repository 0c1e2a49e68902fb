using AngleSharp.Dom;
using AwesomeAssertions;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.AspNetCore.Identity;
using MudBlazor;
using Portal.Application.Access;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Testing.Hosting;
using Portal.Web.Components.Pages.Account;
using Xunit;

namespace Portal.Web.Tests.Pages.Account;

public sealed class AccountPageTests : PageTest
{
    private const string Old = "Correct-horse-battery-1";
    private const string New = "Another-long-password-2";

    [Fact]
    public void Open_WhileReading_ShowsThatItLoads()
    {
        Database.Gate = new TaskCompletionSource().Task;

        Render<AccountPage>().Find("[role=status]").GetAttribute("aria-label").Should().Be("Loading your account");
    }

    [Fact]
    public async Task Profile_ShowsNameRolesAndPartInEachTeam()
    {
        SignIn(await Host.AddPersonAsync("Ada", ["vision", "speech!"], [PortalRoles.FinOps]));

        var page = Opened();

        Read(page).Should().Contain("Ada").And.Contain("ada@example.org").And.Contain("FinOps").And.Contain("speech Speech Lead").And.Contain("vision Vision Member");
    }

    [Fact]
    public async Task ChangePassword_Right_ChangesItAndAsksToSignInAgain()
    {
        await SetPasswordAsync();
        var page = Opened();

        Fill(page, Old, New, New);

        page.WaitForAssertion(() => Read(page).Should().Contain("Your password is changed."));
        (await CheckAsync(New)).Should().BeTrue();
        (await CheckAsync(Old)).Should().BeFalse();
        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.CountAsync(a => a.Action == "user.password" && a.ActorId == Lena.UserId)).Should().Be(1);
        page.FindAll("button").Single(b => Read(b) == "Sign in again").Click();
        Navigation.Uri.Should().EndWith("/sign-in?returnUrl=%2Faccount");
    }

    [Theory]
    [InlineData("", New, New, "password-current-help", "Enter your current password.")]
    [InlineData(Old, "short", "short", "password-new-help", "At least 12 characters.")]
    [InlineData(Old, New, New + "x", "password-again-help", "The two do not match.")]
    [InlineData(Old, Old, Old, "password-new-help", "This is the current password. Choose another.")]
    [InlineData("Not-the-password-1", New, New, "password-current-help", "This is not your current password.")]
    public async Task ChangePassword_Wrong_SaysWhatAtItsFieldAndChangesNothing(string current, string wanted, string again, string where, string words)
    {
        await SetPasswordAsync();
        var page = Opened();

        Fill(page, current, wanted, again);

        page.WaitForAssertion(() => page.Find("#" + where).TextContent.Should().Be(words));
        (await CheckAsync(Old)).Should().BeTrue();
    }

    [Fact]
    public async Task ChangePassword_GuessedFiveTimes_IsLockedEvenForTheRightOne()
    {
        await SetPasswordAsync();
        var page = Opened();
        for (var guess = 0; guess < 5; guess++)
        {
            Fill(page, $"Wrong-guess-number-{guess}", New, New);
            page.WaitForAssertion(() => page.Find("#password-current-help").TextContent.Should().Be("This is not your current password."));
        }

        Fill(page, Old, New, New);

        page.WaitForAssertion(() => page.Find("#password-current-help").TextContent.Should().StartWith("Too many wrong passwords."));
        (await CheckAsync(Old)).Should().BeTrue();
    }

    [Fact]
    public void Tokens_None_TeachesWithACommand()
    {
        var page = Opened("tokens");

        page.WaitForAssertion(() => Read(page).Should().Contain("You have no access tokens"));
        page.Find("pre").TextContent.Should().Be($"curl -H \"Authorization: Bearer $PORTAL_TOKEN\" {Navigation.BaseUri}api/v1/workloads");
    }

    [Fact]
    public async Task CreateToken_ShowsItOnceAndItWorks()
    {
        var dialogs = RenderDialogs();
        var page = Opened("tokens");
        page.WaitForElement("h2");
        page.FindAll("button").Single(b => Read(b) == "New token").Click();

        dialogs.WaitForElement("#token-name").Input("nightly");
        dialogs.Find("#token-days").GetAttribute("value").Should().Be("90");
        dialogs.Find("#token-days").Change("365");
        dialogs.FindAll("input[type=checkbox]").Should().HaveCount(3, "only administrators are offered the scope admin");
        dialogs.FindAll("input[type=checkbox]")[1].Change(true);
        Press(dialogs, "Make token");

        page.WaitForAssertion(() => Read(page).Should().Contain("Your new token “nightly”").And.Contain("Copy it now."));
        var token = page.Find("pre").TextContent;
        var actor = await Host.Get<TokenQueries>().AuthenticateAsync(token, CancellationToken.None);
        actor!.UserId.Should().Be(Lena.UserId);
        actor.Scopes.Should().BeEquivalentTo(TokenScopes.Read, TokenScopes.Launch);
        Read(page.Find("table tbody tr")).Should().Contain("nightly").And.Contain(token[..10] + "…").And.Contain("never");

        page.FindAll("button").Single(b => Read(b) == "I have copied it").Click();
        page.WaitForAssertion(() => page.Markup.Should().NotContain(token));
    }

    [Fact]
    public async Task CreateToken_WithoutNameOrScope_SaysWhatIsMissing()
    {
        var dialogs = RenderDialogs();
        var page = Opened("tokens");
        page.WaitForElement("h2");
        page.FindAll("button").Single(b => Read(b) == "New token").Click();

        dialogs.WaitForElement("#token-name");
        dialogs.FindAll("input[type=checkbox]")[0].Change(false);
        Press(dialogs, "Make token");

        dialogs.WaitForAssertion(() => dialogs.Find("#token-name-help").TextContent.Should().Be("1 to 100 characters."));
        Read(dialogs).Should().Contain("Choose from read, launch, approve, admin.");
        (await Host.Get<TokenQueries>().ListAsync(Lena, CancellationToken.None)).Should().BeEmpty();
    }

    [Fact]
    public async Task RevokeToken_AsksByNameThenEndsIt()
    {
        var token = await MakeTokenAsync("old laptop");
        var dialogs = RenderDialogs();
        var page = Opened("tokens");

        page.WaitForElement("table [aria-label='Revoke old laptop']").Click();
        dialogs.WaitForAssertion(() => Read(dialogs).Should().Contain("Revoke old laptop?").And.Contain("This cannot be undone."));
        (await Host.Get<TokenQueries>().AuthenticateAsync(token, CancellationToken.None)).Should().NotBeNull("asking revokes nothing");
        Press(dialogs, "Revoke");

        page.WaitForAssertion(() => Read(page).Should().Contain("You have no access tokens"));
        (await Host.Get<TokenQueries>().AuthenticateAsync(token, CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task RevokeToken_Cancelled_KeepsIt()
    {
        var token = await MakeTokenAsync("old laptop");
        var dialogs = RenderDialogs();
        var page = Opened("tokens");

        page.WaitForElement("table [aria-label='Revoke old laptop']").Click();
        dialogs.WaitForElement("h2.dialog-title");
        Press(dialogs, "Cancel");

        dialogs.WaitForAssertion(() => dialogs.FindAll("h2.dialog-title").Should().BeEmpty());
        (await Host.Get<TokenQueries>().AuthenticateAsync(token, CancellationToken.None)).Should().NotBeNull();
    }

    [Fact]
    public void DatabaseAway_SaysSoAndTryAgainShowsTheAccount()
    {
        Database.Away = true;
        var page = Render<AccountPage>();
        page.WaitForElement("[role=alert]");

        Database.Away = false;
        page.Find("[role=alert] button").Click();

        page.WaitForAssertion(() => Read(page).Should().Contain("lena@example.org"));
    }

    private static void Press(IRenderedComponent<MudDialogProvider> dialogs, string text) => dialogs.FindAll("button").Single(b => Read(b) == text).Click();

    private static void Fill(IRenderedComponent<AccountPage> page, string current, string wanted, string again)
    {
        page.Find("#password-current").Change(current);
        page.Find("#password-new").Change(wanted);
        page.Find("#password-again").Change(again);
        page.Find("form").Submit();
    }

    private async Task<string> MakeTokenAsync(string name) =>
        await Host.Get<CreateToken>().ExecuteAsync(name, [TokenScopes.Read], null, Lena, CancellationToken.None) is CreateToken.Outcome.Created made ? made.Token : throw new InvalidOperationException("No token.");

    private Task SetPasswordAsync() => Host.WithScopedAsync<UserManager<PortalUser>, IdentityResult>(async users => await users.AddPasswordAsync((await users.FindByIdAsync(Lena.UserId.ToString()))!, Old));

    private Task<bool> CheckAsync(string password) => Host.WithScopedAsync<UserManager<PortalUser>, bool>(async users => await users.CheckPasswordAsync((await users.FindByIdAsync(Lena.UserId.ToString()))!, password));

    private IRenderedComponent<AccountPage> Opened(string? tab = null)
    {
        Navigation.NavigateTo("/account" + (tab is null ? "" : $"?tab={tab}"));
        var page = Render<AccountPage>();
        // Who has no password is not asked to change one.
        page.WaitForElement(tab is null ? "dl.facts" : ".tabs + *");
        return page;
    }
}
