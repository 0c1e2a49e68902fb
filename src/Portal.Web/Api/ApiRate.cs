using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Portal.Web.Access;

namespace Portal.Web.Api;

/// <summary>Keeps one person's runaway script from slowing the portal down for everybody: a bucket of calls each, filled steadily.</summary>
internal static class ApiRate
{
    /// <summary>Name of the policy.</summary>
    public const string Policy = "api";

    public static IServiceCollection AddApiRate(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.AddPolicy(Policy, context => RateLimitPartition.GetTokenBucketLimiter(Caller(context), _ => Bucket(context.RequestServices.GetRequiredService<IOptions<RateOptions>>().Value)));
        limiter.OnRejected = async (refused, _) =>
        {
            var wait = refused.Lease.TryGetMetadata(MetadataName.RetryAfter, out var known) ? known : TimeSpan.FromSeconds(1);
            await RefuseAsync(refused.HttpContext, wait);
        };
    });

    /// <summary>Seconds for <c>Retry-After</c>, which knows whole ones only: never too early, never zero.</summary>
    public static int Seconds(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));

    private static Task RefuseAsync(HttpContext context, TimeSpan wait)
    {
        var seconds = Seconds(wait);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return ApiProblems.WriteAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests", $"You call faster than the portal lets one person call. Go on in {seconds} s.");
    }

    // Strangers are counted by address: they get 401, but not at any pace.
    private static string Caller(HttpContext context) => context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? PasswordTries.Sender(context).ToString();

    private static TokenBucketRateLimiterOptions Bucket(RateOptions options) => new()
    {
        TokenLimit = options.ApiBurst,
        TokensPerPeriod = options.ApiCallsPerSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        AutoReplenishment = true,
    };
}
