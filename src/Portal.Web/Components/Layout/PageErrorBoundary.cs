using System.Diagnostics;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Surfaces;

namespace Portal.Web.Components.Layout;

/// <summary>Keeps a failing page from taking the frame with it: logs the exception under a trace id and shows that id with a retry button. Who is signed out is sent to sign in.</summary>
public sealed partial class PageErrorBoundary : ErrorBoundaryBase
{
    private string _traceId = "";

    [Inject] private ILogger<PageErrorBoundary> Logger { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    protected override Task OnErrorAsync(Exception exception)
    {
        if (exception is SignedOutException)
        {
            Navigation.NavigateTo("/sign-in", forceLoad: true);
            return Task.CompletedTask;
        }
        _traceId = Activity.Current?.TraceId.ToHexString() ?? ActivityTraceId.CreateRandom().ToHexString();
        Log.PageFailed(Logger, _traceId, exception);
        return Task.CompletedTask;
    }

    protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder)
    {
        if (CurrentException is null)
        {
            builder.AddContent(0, ChildContent);
            return;
        }
        // The browser is on its way to the sign-in page.
        if (CurrentException is SignedOutException) return;
        // A tab that was opened while the database was away; nothing is broken.
        if (ApiProblems.IsDatabaseDown(CurrentException))
        {
            builder.OpenComponent<DatabaseAway>(4);
            builder.AddComponentParameter(5, nameof(DatabaseAway.OnRetry), EventCallback.Factory.Create(this, Recover));
            builder.CloseComponent();
            return;
        }
        builder.OpenComponent<PageError>(1);
        builder.AddComponentParameter(2, nameof(PageError.TraceId), _traceId);
        builder.AddComponentParameter(3, nameof(PageError.OnRetry), EventCallback.Factory.Create(this, Recover));
        builder.CloseComponent();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A page failed; trace {TraceId}")]
        public static partial void PageFailed(ILogger logger, string traceId, Exception exception);
    }
}
