using System.Net;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Data;
using Portal.Domain.Audit;
using Portal.Web.Hosting;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>The trail says from where: the sender's own address, or what a trusted proxy says, and never what anybody sends.</summary>
public sealed partial class SourceAddressTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private const string Sender = "203.0.113.7";

    [Theory]
    [InlineData(null, "198.51.100.9", Sender)]
    [InlineData("10.0.0.0/8", "198.51.100.9", Sender)]
    [InlineData("203.0.113.0/24", "198.51.100.9", "198.51.100.9")]
    [InlineData("203.0.113.7", "192.0.2.66, 198.51.100.9", "198.51.100.9")] // what the proxy itself saw, not what its client claims
    [InlineData("203.0.113.7,198.51.100.9", "192.0.2.66, 198.51.100.9", "192.0.2.66")]
    public async Task Change_ByApi_IsFromWhereTheTrustedSay(string? trusted, string forwarded, string source)
    {
        await using var host = Host(trusted);
        using var client = Client(host);
        client.DefaultRequestHeaders.Authorization = new("Bearer", portal.AdminToken);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", forwarded);
        var name = $"t{Guid.NewGuid():N}"[..20];
        (await client.CallAsync(HttpMethod.Post, "/teams", $$"""{"slug": "{{name}}", "name": "T"}""")).Status.Should().Be(HttpStatusCode.Created);

        (await TrailAsync(e => e.SubjectId == name)).Should().ContainSingle().Which.Source.Should().Be(source);
    }

    [Fact]
    public async Task Sessions_InOutRefusedAndLocked_AreInTheTrailWithTheirAddress()
    {
        const string password = "A password of some length 7";
        var email = $"s{Guid.NewGuid():N}@example.org";
        (await portal.Client(portal.AdminToken).CallAsync(HttpMethod.Post, "/users", $$"""{"email": "{{email}}", "name": "S", "password": "{{password}}"}""")).Status.Should().Be(HttpStatusCode.Created);
        await using var host = Host(null);
        using var client = Client(host);

        (await SignInAsync(client, email, "wrong")).Should().Contain("error=wrong");
        (await SignInAsync(client, email, password)).Should().Be("/");
        using (var form = await FormAsync(client, "/sign-in")) (await client.PostAsync("/account/sign-out", form)).StatusCode.Should().Be(HttpStatusCode.Found);
        for (var i = 0; i < 8; i++) await SignInAsync(client, email, "wrong");
        (await SignInAsync(client, $"nobody{Guid.NewGuid():N}@example.org", "wrong")).Should().Contain("error=wrong");

        var trail = await TrailAsync(e => e.SubjectName == email && e.Action.StartsWith("session."));
        trail.Select(e => e.Action).Should().Equal("session.refuse", "session.signIn", "session.signOut", "session.refuse", "session.refuse", "session.refuse", "session.refuse", "session.lockOut");
        trail.Should().OnlyContain(e => e.Source == Sender);
        trail.Select(e => e.ActorKind).Distinct().Should().Equal("portal", "person");
        (await TrailAsync(e => e.SubjectName.StartsWith("nobody"))).Should().BeEmpty("what strangers type is not written down");
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("10.0.0.5, 10.1.0.0/16, ::1, fd00::/8", true)]
    [InlineData("10.0.0.5, proxy.example.org", false)]
    [InlineData("10.1.0.0/33", false)]
    public void Setting_OfTrustedProxies_IsValidated(string? text, bool good)
    {
        var result = new PortalOptionsValidator().Validate(null, new PortalOptions { TrustedProxies = text });
        result.Succeeded.Should().Be(good, result.FailureMessage);
        if (!good) result.FailureMessage.Should().Contain("Portal:TrustedProxies").And.Contain("is neither an IP address nor a network");
    }

    private WebApplicationFactory<Program> Host(string? trusted) => portal.WithWebHostBuilder(builder =>
    {
        if (trusted is not null) builder.UseSetting("Portal:TrustedProxies", trusted);
        builder.ConfigureTestServices(services => services.AddSingleton<IStartupFilter, FromSender>());
    });

    private static HttpClient Client(WebApplicationFactory<Program> host)
    {
        var client = host.CreateClient(new() { BaseAddress = new Uri("http://localhost:5080"), AllowAutoRedirect = false });
        client.DefaultRequestHeaders.Add("Origin", "http://localhost:5080");
        return client;
    }

    private static async Task<string> SignInAsync(HttpClient client, string email, string password)
    {
        using var form = await FormAsync(client, "/sign-in", ("email", email), ("password", password));
        return (await client.PostAsync("/account/sign-in", form)).Headers.Location!.ToString();
    }

    // The sign-in page is plain HTML for everybody, also for people who are signed in.
    private static async Task<FormUrlEncodedContent> FormAsync(HttpClient client, string page, params (string Key, string Value)[] fields)
    {
        var token = Token().Match(await client.GetStringAsync(page)).Groups[1].Value;
        token.Should().NotBeEmpty("{0} has a form", page);
        return new FormUrlEncodedContent([new("__RequestVerificationToken", token), .. fields.Select(f => new KeyValuePair<string, string>(f.Key, f.Value))]);
    }

    private async Task<List<AuditEntry>> TrailAsync(System.Linq.Expressions.Expression<Func<AuditEntry, bool>> which)
    {
        await using var db = await portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync();
        return await db.AuditEntries.AsNoTracking().Where(which).OrderBy(e => e.At).ThenBy(e => e.Id).ToListAsync();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex Token();

    private sealed class FromSender : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, go) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(Sender);
                return go(context);
            });
            next(app);
        };
    }
}
