using System.Reflection;
using AwesomeAssertions;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Xunit;

namespace Portal.Web.Tests.Hosting;

/// <summary>Rights are decided in one place: nobody else looks at what roles, scopes and parts in teams an actor has.</summary>
public sealed class RightsTests
{
    // Everything else asks Permissions. Each entry says why it may look all the same.
    private static readonly Dictionary<string, string> MayLook = new()
    {
        ["Portal.Domain.Access.Actor"] = "says what the words mean, for Permissions",
        ["Portal.Domain.Access.ActorTeam"] = "is the value itself",
        ["Portal.Domain.Access.Permissions"] = "the one place",
        ["Portal.Domain.Access.Policies.PolicyFacts"] = "policies ask for roles of the requester: what they decide is whether something may run, not who may act",
        ["Portal.Web.Api.MeApi"] = "tells people what they are",
        ["Portal.Web.Components.Pages.Account.ProfileCard"] = "tells people what they are",
        ["Portal.Web.Access.TokenAuthentication"] = "carries a token's scopes into the request",
        ["Portal.Application.Access.ActorDirectory"] = "looks the person up again with the scopes they came with",
    };

    private static readonly string[] Telling = ["get_Roles", "get_Scopes", "get_HasAdminRole", "get_IsAdmin", "get_IsFinOps", "get_IsAuditor", "get_HasWideRole", "get_MayRead", "get_MayLaunch", "get_MayApprove", "IsMemberOf", "Leads"];

    [Fact]
    public void RolesAndScopes_AreReadInOnePlace()
    {
        var readers = new[] { typeof(Actor), typeof(LaunchWorkload), typeof(Program) }.SelectMany(t => Readers(t.Assembly)).Distinct().ToList();

        readers.Except(MayLook.Keys).Should().BeEmpty("they must ask Permissions instead");
        MayLook.Keys.Except(readers).Should().BeEmpty("an exception that nobody needs is taken off the list");
    }

    [Fact]
    public void RolesAndScopes_ReadElsewhere_AreFound() => Readers(typeof(RightsTests).Assembly).Should().Contain(typeof(Sinner).FullName!);

    // Types that read an actor's roles, scopes or part in a team, by the outermost type: what the compiler nests belongs to it.
    private static IEnumerable<string> Readers(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        return [.. module.GetTypes().Where(t => t.HasMethods && t.Methods.Any(m => m.HasBody && m.Body.Instructions.Any(Tells))).Select(Outermost).Distinct()];
    }

    private static bool Tells(Instruction instruction) => instruction.Operand is MethodReference method
        && ((method.DeclaringType.FullName == typeof(Actor).FullName && Telling.Contains(method.Name)) || (method.DeclaringType.FullName == typeof(ActorTeam).FullName && method.Name == "get_Role"));

    private static string Outermost(TypeDefinition type) => type.DeclaringType is { } outer && outer.FullName != typeof(RightsTests).FullName ? Outermost(outer) : type.FullName.Replace('/', '+');

    private static class Sinner
    {
        public static async Task<bool> LooksAsync(Actor actor)
        {
            await Task.Yield();
            return actor.Teams.Any(_ => actor.Roles.Contains(PortalRoles.Admin));
        }
    }
}
