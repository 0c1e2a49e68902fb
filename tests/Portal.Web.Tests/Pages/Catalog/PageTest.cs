using System.Net.Sockets;
using System.Security.Claims;
using AngleSharp.Dom;
using Bunit;
using Bunit.TestDoubles;
using Hangfire;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using Npgsql;
using Portal.Application;
using Portal.Application.Access;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Testing.Hosting;
using Portal.Web.Access;
using Portal.Web.Components;
using Portal.Web.Components.Pages.Launch;
using Xunit;

namespace Portal.Web.Tests.Pages;

/// <summary>
/// A page on the real use cases and a real database, with a browser that answers nothing. <see cref="Host"/> is the worker beside it: the same database and target.
/// Lena, member of team vision, is signed in.
/// </summary>
public abstract class PageTest : BunitContext, IAsyncLifetime
{
    static PageTest() => DefaultWaitTimeout = TimeSpan.FromSeconds(30);

    private BunitAuthorizationContext? _authorization;

    protected ApplicationHost Host { get; private set; } = null!;

    protected Actor Lena { get; private set; } = null!;

    /// <summary>Takes the database away from the page, and lets it wait.</summary>
    protected InterruptibleContexts Database { get; private set; } = null!;

    protected BunitNavigationManager Navigation => (BunitNavigationManager)Services.GetRequiredService<NavigationManager>();

    public virtual async ValueTask InitializeAsync()
    {
        Host = await ApplicationHost.CreateAsync();
        Lena = await Host.AddPersonAsync("Lena", ["vision"]);
        Database = new InterruptibleContexts(Host.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>());
        JSInterop.Mode = JSRuntimeMode.Loose;
        JSInterop.SetupModule(LaunchScript.Module).Mode = JSRuntimeMode.Loose;
        Services.AddPortalComponents();
        Services.AddSingleton<IDbContextFactory<PortalDbContext>>(Database).AddScoped(_ => Database.CreateDbContext());
        Services.AddPortalApplication();
        Services.AddSingleton(Host.Faults).AddSingleton(Host.Launch).AddSingleton(Host.Reconcile).AddSingleton(Host.Protection).AddSingleton(Host.Mail).AddSingleton(Host.SignIn).AddSingleton(Host.Webhooks).AddSingleton(new Portal.Application.Notifications.PortalAddress(new Uri("https://portal.example.org")));
        Services.AddSingleton<IBackgroundJobClient>(Host.Jobs).AddSingleton<IComputeTarget>(Host.Target);
        Services.AddIdentityCore<PortalUser>(identity =>
        {
            // As PortalAccess has it: length is what counts.
            identity.Password.RequiredLength = 12;
            identity.Password.RequireNonAlphanumeric = identity.Password.RequireUppercase = identity.Password.RequireLowercase = identity.Password.RequireDigit = false;
        }).AddRoles<IdentityRole<Guid>>().AddEntityFrameworkStores<PortalDbContext>();
        Services.AddScoped<CurrentActor>().AddScoped<CircuitSource>();
        SignIn(Lena);
    }

    /// <summary>Who sits at the browser; to be said before the page is drawn.</summary>
    protected void SignIn(Actor actor)
    {
        _authorization ??= AddAuthorization();
        _authorization.SetAuthorized(actor.Name);
        using var db = Database.CreateDbContext();
        var session = new BrowserSession { Id = Guid.CreateVersion7(), UserId = actor.UserId, StartedAt = DateTimeOffset.UnixEpoch, EndsAt = DateTimeOffset.MaxValue.AddDays(-1) };
        db.BrowserSessions.Add(session);
        db.SaveChanges();
        _authorization.SetClaims(new Claim(ClaimTypes.NameIdentifier, actor.UserId.ToString()), new Claim(BrowserSessions.Claim, session.Id.ToString()));
    }

    /// <summary>Nobody is signed in any more.</summary>
    protected void SignOut() => _authorization!.SetNotAuthorized();

    /// <summary>The place where dialogs appear.</summary>
    protected IRenderedComponent<MudDialogProvider> RenderDialogs()
    {
        Render<MudPopoverProvider>();
        return Render<MudDialogProvider>();
    }

    /// <summary>Text as read: what stands in different elements is apart, runs of white space count as one, and so does the space that does not break.</summary>
    protected static string Read(INode node) =>
        string.Join(' ', string.Join(' ', node.GetDescendantsAndSelf().OfType<IText>().Select(t => t.Data)).Replace('\u00A0', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <inheritdoc cref="Read(INode)"/>
    protected static string Read(IRenderedComponent<IComponent> component) => string.Join(' ', component.Nodes.Select(Read));

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        await Host.DisposeAsync();
    }
}

/// <summary>The database as the page reaches it: there, away, or slow.</summary>
public sealed class InterruptibleContexts(IDbContextFactory<PortalDbContext> contexts) : IDbContextFactory<PortalDbContext>
{
    /// <summary>When true, connecting fails as it does without a server.</summary>
    public bool Away { get; set; }

    /// <summary>Connecting waits for it.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public PortalDbContext CreateDbContext() => Away ? throw new NpgsqlException("Failed to connect.", new SocketException((int)SocketError.ConnectionRefused)) : contexts.CreateDbContext();

    public async Task<PortalDbContext> CreateDbContextAsync(CancellationToken cancellationToken = default)
    {
        await Gate.WaitAsync(cancellationToken);
        return CreateDbContext();
    }
}
