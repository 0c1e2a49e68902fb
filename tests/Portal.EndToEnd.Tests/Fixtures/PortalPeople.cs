using System.Net;
using AwesomeAssertions;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>People for journeys, made as an administrator makes them.</summary>
internal static class PortalPeople
{
    internal const string Password = "A password of some length 7";

    /// <summary>A person with the e-mail <c>name@example.org</c>, in teams (a trailing <c>!</c> makes them lead; a missing team is made).</summary>
    internal static async Task AddPersonAsync(this PortalApiClient api, string name, string[] teams, string[]? roles = null)
    {
        var email = $"{name.ToLowerInvariant()}@example.org";
        (await api.PostAsync("/users", new { email, name, password = Password, roles = roles ?? [] })).Status.Should().Be(HttpStatusCode.Created);
        foreach (var team in teams)
        {
            await api.PostAsync("/teams", new { slug = team.TrimEnd('!'), name = team.TrimEnd('!'), costCentre = "cc-1" });
            (await api.SendAsync(HttpMethod.Put, $"/teams/{team.TrimEnd('!')}/members/{email}", new { role = team.EndsWith('!') ? "lead" : "member" })).Status.Should().Be(HttpStatusCode.OK);
        }
    }
}
