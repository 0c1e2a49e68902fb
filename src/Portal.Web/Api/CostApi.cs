using System.Text;
using Portal.Application.Costs;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>Costs by any grouping, as JSON and as a file.</summary>
internal static class CostApi
{
    // A longer answer would be held in memory whole; the export is not.
    private const int MostRows = 100_000;
    private const int FlushEvery = 500;

    public static void MapCosts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/costs", ReadAsync).Describes("getCosts", ApiTags.Costs, "Costs by any grouping", "Of all workloads that you may see, deleted ones too, up to now. Every sum is the ledger's.")
            .Explained().Answers(200, Example).Refuses(400);
        api.MapGet("/costs/export", ExportAsync).Describes("exportCosts", ApiTags.Costs, "The same as a file", "Streamed; text that a spreadsheet would run as a formula is made harmless.")
            .Explained().Explains("format", "csv.").AnswersText(200, "team,cost,listCost,saving,hours,currency\r\nplatform,1.25,1.25,0,31.2,USD\r\n", "text/csv").Refuses(400);
    }

    private static CostAnswer Example { get; } = new([new CostAnswerRow(new Dictionary<string, string?> { ["team"] = "platform", ["day"] = "2026-03-01" }, 1.25m, 1.25m, 0, 31.2m)], 1.25m, "USD");

    private static RouteHandlerBuilder Explained(this RouteHandlerBuilder endpoint) => endpoint
        .Explains("from", "First day or instant (UTC); the month's begin when left out.").Explains("to", "Day or instant (UTC) before which it ends; now when left out.")
        .Explains("groupBy", "Up to several of team, owner, category, item, kind, target, capacity, workload, tag:NAME, day, week, month, with commas between.").Explains("filter", "dimension:value[,value]; may be repeated.");

    // The query is read as it was sent (names and values may hold commas, encoded); the parameters are there for the document.
    private static async Task<IResult> ReadAsync(HttpContext context, CostReportQueries costs, TimeProvider time, string? from, string? to, string? groupBy, string[]? filter)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (query, errors) = CostWords.Read(context.Request.QueryString.Value, time.GetUtcNow());
        if (query is null) return ApiProblems.Invalid(errors);
        var report = await costs.ReadAsync(query, MostRows, actor, context.RequestAborted);
        if (report.Groups > report.Rows.Count) return ApiProblems.Invalid("groupBy", $"This makes {report.Groups:N0} rows, and one answer has at most {MostRows:N0}. Group by less, shorten the period, or use /api/v1/costs/export.");
        return Results.Json(new CostAnswer(
            [.. report.Rows.Select(r => new CostAnswerRow(query.GroupBy.Zip(r.Keys).ToDictionary(k => k.First.Word, k => (string?)k.Second), r.Cost, r.ListCost, r.Saving, r.Hours))], report.Total.Cost, report.Currency));
    }

    private static async Task<IResult> ExportAsync(HttpContext context, CostReportQueries costs, TimeProvider time, string? format, string? from, string? to, string? groupBy, string[]? filter)
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

/// <summary>Costs by group.</summary>
/// <param name="Total">Of all groups together.</param>
public sealed record CostAnswer(IReadOnlyList<CostAnswerRow> Rows, decimal Total, string Currency);

/// <summary>Costs of one group.</summary>
/// <param name="Keys">Value by dimension of the grouping.</param>
/// <param name="Cost">What is paid.</param>
/// <param name="ListCost">What the same would have cost on demand.</param>
/// <param name="Saving">The difference.</param>
/// <param name="Hours">Billed hours.</param>
public sealed record CostAnswerRow(IReadOnlyDictionary<string, string?> Keys, decimal Cost, decimal ListCost, decimal Saving, decimal Hours);
