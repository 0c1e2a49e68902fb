using System.Net;
using System.Security.Authentication;
using k8s;
using k8s.Models;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Api;

/// <summary>What the API server refused, with its own words.</summary>
internal sealed class ApiException(HttpStatusCode status, V1Status? body, string text, TimeSpan? retryAfter) : Exception(body?.Message ?? text)
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>The machine's word for it, such as <c>AlreadyExists</c>.</summary>
    public string? Reason { get; } = body?.Reason;

    /// <summary>When it wants to be asked again.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>What kind of failure an answer of the API server, or none, stands for.</summary>
internal static class ApiFailure
{
    /// <summary>The exception that leaves the target.</summary>
    /// <param name="cluster">The target's name, for people.</param>
    /// <param name="what">What was tried: "start the workload".</param>
    public static ComputeTargetException Of(string cluster, string what, Exception exception) => exception switch
    {
        ComputeTargetException known => known,
        ApiException refused => new ComputeTargetException(ClassOf(refused), $"{cluster} refused to {what}: {Words(refused)}", refused),
        HttpRequestException { InnerException: AuthenticationException } tls => new ComputeTargetException(FailureClass.Unauthorized, $"{cluster} does not show the certificate that its kubeconfig expects: {Words(tls)}", tls),
        HttpRequestException or IOException or TimeoutException or OperationCanceledException => new ComputeTargetException(FailureClass.Throttled, $"{cluster} does not answer: {exception.Message}", exception),
        _ => new ComputeTargetException(FailureClass.Crashed, $"Failed to {what} on {cluster}: {exception.Message}", exception),
    };

    /// <summary>What was said, and what people can do about it.</summary>
    public static string Words(Exception exception) => exception switch
    {
        ApiException refused => NextStep(refused) is { } next ? $"{refused.Message.TrimEnd('.')}. {next}" : refused.Message,
        HttpRequestException { InnerException: AuthenticationException tls } => $"{tls.Message.TrimEnd('.')}. Put the certificate authority of the cluster into the kubeconfig; the portal reads it again.",
        _ => exception.Message,
    };

    private static string? NextStep(ApiException refused) => (refused.Status, ClassOf(refused)) switch
    {
        (HttpStatusCode.Unauthorized, _) => "The portal's credentials are not, or no longer, good: put others into its kubeconfig; the portal reads it again.",
        (HttpStatusCode.Forbidden, FailureClass.QuotaExceeded) => "It is tried again: stop something of the team's, or have the quota raised.",
        (HttpStatusCode.Forbidden, FailureClass.Throttled) => "It is tried again once that is gone.",
        (HttpStatusCode.Forbidden, FailureClass.Unauthorized) => "The portal needs the role of deploy/k8s/cluster-role.yaml, whole.",
        _ => null,
    };

    /// <summary>The server was not reached, showed another certificate or did not know who asked: other words of the kubeconfig may help.</summary>
    public static bool IsOfTheWayIn(Exception exception) => exception is HttpRequestException or ApiException { Status: HttpStatusCode.Unauthorized };

    private static FailureClass ClassOf(ApiException refused) => refused.Status switch
    {
        HttpStatusCode.Unauthorized => FailureClass.Unauthorized,
        HttpStatusCode.Forbidden when refused.Message.Contains("exceeded quota", StringComparison.Ordinal) => FailureClass.QuotaExceeded,
        // A team's namespace that is being deleted is there again in a while.
        HttpStatusCode.Forbidden when refused.Message.Contains("being terminated", StringComparison.Ordinal) => FailureClass.Throttled,
        HttpStatusCode.Forbidden when refused.Message.Contains("violates PodSecurity", StringComparison.Ordinal) => FailureClass.Invalid,
        HttpStatusCode.Forbidden => FailureClass.Unauthorized,
        HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict or >= HttpStatusCode.InternalServerError => FailureClass.Throttled,
        _ => FailureClass.Invalid,
    };

    /// <summary>Worth trying again soon, by the same call.</summary>
    public static bool IsPassing(Exception exception) => exception switch
    {
        ApiException refused => refused.Status is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError,
        HttpRequestException http => http.InnerException is not AuthenticationException,
        _ => exception is IOException,
    };

    /// <summary>The refusal in an answer that is none of success.</summary>
    public static async Task<ApiException> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        var after = answer.Headers.RetryAfter?.Delta;
        V1Status? status = null;
        try
        {
            if (text.StartsWith('{')) status = KubernetesJson.Deserialize<V1Status>(text);
        }
        catch (System.Text.Json.JsonException)
        {
            // A proxy's own words, cut off or not ours: they are shown as they are.
        }
        return new ApiException(answer.StatusCode, status, text.Length > 500 ? text[..500] : $"HTTP {(int)answer.StatusCode} {text}".Trim(), after);
    }
}
