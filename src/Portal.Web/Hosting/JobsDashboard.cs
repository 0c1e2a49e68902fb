using Hangfire;
using Hangfire.Dashboard;
using Portal.Application.Access;
using Portal.Domain.Access;
using Portal.Web.Access;

namespace Portal.Web.Hosting;

/// <summary>Hangfire's own pages under <c>/admin/jobs</c>, for administrators.</summary>
internal static class JobsDashboard
{
    public const string Path = "/admin/jobs";

    public static void MapJobs(this IEndpointRouteBuilder routes) =>
        routes.MapHangfireDashboard(Path, new DashboardOptions { AppPath = "/", DashboardTitle = "Portal jobs", DisplayStorageConnectionString = false, Authorization = [], AsyncAuthorization = [new AdministratorsOnly()] }).RequireAuthorization();

    private sealed class AdministratorsOnly : IDashboardAsyncAuthorizationFilter
    {
        public async Task<bool> AuthorizeAsync(DashboardContext context)
        {
            var http = context.GetHttpContext();
            var actor = await CurrentActor.OfAsync(http.RequestServices.GetRequiredService<ActorDirectory>(), http.User, http.RequestAborted);
            return actor?.May(PortalAction.ManageJobs) == true;
        }
    }
}
