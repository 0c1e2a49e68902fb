using Microsoft.AspNetCore.Components;
using Portal.Web.Access;
using Portal.Web.Api;

namespace Portal.Web.Components.Workloads;

/// <summary>How far a page's data is: loading, there, or why not.</summary>
public sealed class PageLoad
{
    /// <summary>True until the first answer.</summary>
    public bool IsLoading { get; private set; } = true;

    /// <summary>Why there is no data (or none newer); null when all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>Loads; a signed-out person is sent to sign in, a database that is away becomes words. Anything else is the error boundary's.</summary>
    public async Task RunAsync(Func<Task> load, NavigationManager navigation)
    {
        try
        {
            await load();
            (IsLoading, Problem) = (false, null);
        }
        catch (SignedOutException)
        {
            navigation.NavigateTo("/sign-in", forceLoad: true);
        }
        catch (OperationCanceledException)
        {
            // The page is gone.
        }
        catch (Exception exception) when (ApiProblems.IsDatabaseDown(exception))
        {
            (IsLoading, Problem) = (false, "The portal cannot reach its database now. Running workloads go on and nothing is lost; this page loads again by itself when the database is back.");
        }
    }
}
