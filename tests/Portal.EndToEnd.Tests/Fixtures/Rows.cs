namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>
/// Two rows of tests run side by side, each one test after the other: those in the browser keep a processor busy, those of failures mostly wait for leases and sweeps. More at once than that and they would time out.
/// </summary>
internal static class Rows
{
    public const string InTheBrowser = "In the browser";

    public const string OfFailures = "Of failures";
}
