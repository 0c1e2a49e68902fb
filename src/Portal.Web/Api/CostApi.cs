using System.Text;
using Portal.Application.Costs;

namespace Portal.Web.Api;

/// <summary>Costs by any grouping, as JSON and as a file.</summary>
internal static class CostApi
{
    // A longer answer would be held in memory whole; the export is not.
    private const int MostRows = 100_000;
    private const int FlushEvery = 500;

    public static void MapCosts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/costs", ReadAsync);
        api.MapGet("/costs/export", ExportAsync);
    }

    private static async Task<IResult> ReadAsync(HttpContext context, CostReportQueries costs, TimeProvider time)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (query, errors) = CostWords.Read(context.Request.QueryString.Value, time.GetUtcNow());
        if (query is null) return ApiProblems.Invalid(errors);
        var report = await costs.ReadAsync(query, MostRows, actor, context.RequestAborted);
        if (report.Groups > report.Rows.Count) return ApiProblems.Invalid("groupBy", $"This makes {report.Groups:N0} rows, and one answer has at most {MostRows:N0}. Group by less, shorten the period, or use /api/v1/costs/export.");
        return Results.Json(new
        {
            rows = report.Rows.Select(r => new { keys = query.GroupBy.Zip(r.Keys).ToDictionary(k => k.First.Word, k => k.Second), r.Cost, r.ListCost, r.Saving, r.Hours }),
            total = report.Total.Cost,
            report.Currency,
        });
    }

    private static async Task<IResult> ExportAsync(HttpContext context, CostReportQueries costs, TimeProvider time, string? format)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (format is not (null or "csv")) return ApiProblems.Invalid("format", "Allowed: csv.");
        var (query, errors) = CostWords.Read(context.Request.QueryString.Value, time.GetUtcNow());
        if (query is null) return ApiProblems.Invalid(errors);
        await using var rows = costs.StreamAsync(query, actor, context.RequestAborted).GetAsyncEnumerator(context.RequestAborted);
        // Asked before the first byte, so that a database that is away is still an answer and not half a file.
        var more = await rows.MoveNextAsync();
        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(query)}\"";
        context.Response.Headers.CacheControl = "no-store";
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(false), leaveOpen: true);
        await writer.WriteAsync(CsvText.Line([.. query.GroupBy.SelectMany(Columns), "cost", "listCost", "saving", "hours", "currency"]));
        for (var n = 1; more; more = await rows.MoveNextAsync(), n++)
        {
            var row = rows.Current;
            await writer.WriteAsync(CsvText.Line([.. query.GroupBy.SelectMany((d, i) => IsNamed(d) ? [row.Keys[i], row.Names[i]] : new object[] { row.Keys[i] }), row.Cost, row.ListCost, row.Saving, row.Hours, row.Currency]));
            if (n % FlushEvery == 0) await writer.FlushAsync(context.RequestAborted);
        }
        return Results.Empty;
    }

    private static string[] Columns(CostDimension dimension) => IsNamed(dimension) ? [dimension.Word, dimension.Word + "Name"] : [dimension.Word];

    // An id alone tells nobody which workload it was.
    private static bool IsNamed(CostDimension dimension) => dimension.Kind == CostDimensionKind.Workload;

    private static string FileName(CostQuery query) => $"costs-{query.From.UtcDateTime:yyyy-MM-dd}{(query.To is { } to ? $"-to-{to.AddTicks(-1).UtcDateTime:yyyy-MM-dd}" : "")}.csv";
}
