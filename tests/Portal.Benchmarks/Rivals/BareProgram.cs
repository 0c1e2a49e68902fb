using System.Diagnostics;
using System.Net;
using Portal.EndToEnd.Tests.Fixtures;

namespace Portal.Benchmarks.Rivals;

/// <summary>A program as one would start it by hand: what the portal and everybody else add to.</summary>
internal sealed class BareProgram : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-bare-").FullName;
    private readonly Process _process;

    /// <summary>Starts it; <c>PORT</c> in the arguments stands for the port it gets.</summary>
    public BareProgram(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments.Select(a => a.Replace("PORT", $"{Port}", StringComparison.Ordinal))) { WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["HOME"] = _folder;
        start.Environment["PORT"] = $"{Port}";
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Port { get; } = PortalProcess.FreePort();

    /// <summary>Waits until a path answers 200.</summary>
    public async Task WaitAsync(string path, TimeSpan pollEvery)
    {
        using var client = new HttpClient();
        while (true)
        {
            if (_process.HasExited) throw new InvalidOperationException($"{_process.StartInfo.FileName} ended with {_process.ExitCode}.");
            try
            {
                if ((await client.GetAsync($"http://127.0.0.1:{Port}{path}")).StatusCode == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(pollEvery);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
