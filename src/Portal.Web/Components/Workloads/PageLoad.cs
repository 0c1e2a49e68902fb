using Microsoft.AspNetCore.Components;
using Portal.Web.Access;
using Portal.Web.Api;

namespace Portal.Web.Components.Workloads;

/// <summary>How far a page's data is: loading, there, or why not.</summary>
public sealed class PageLoad
{
    /// <summary>True until the first answer.</summary>
    public bool IsLoading { get; private set; } = true;

    /// <summary>True when there is no data, or none newer, because the database cannot be reached.</summary>
    public bool DatabaseAway { get; private set; }

    /// <summary>Loads; a signed-out person is sent to sign in, a database that is away becomes words. Anything else is the error boundary's.</summary>
    public async Task RunAsync(Func<Task> load, NavigationManager navigation)
    {
        try
        {
            await load();
            (IsLoading, DatabaseAway) = (false, false);
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
            (IsLoading, DatabaseAway) = (false, true);
        }
    }
}
