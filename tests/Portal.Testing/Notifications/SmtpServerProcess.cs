using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MimeKit;
using Portal.Application.Notifications;

namespace Portal.Testing.Notifications;

/// <summary>A real SMTP server in a process of its own (aiosmtpd), on loopback; it keeps what it takes as files.</summary>
public sealed class SmtpServerProcess : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-smtp-").FullName;
    private readonly List<string> _arguments = [];
    private Process? _process;

    public int Port { get; } = FreePort();

    /// <summary>Asks for this sign-in; to be said before the start.</summary>
    public SmtpServerProcess WithLogin(string user, string password)
    {
        _arguments.AddRange(["--login", user, password]);
        return this;
    }

    /// <summary>Offers STARTTLS with a certificate that nobody trusts; to be said before the start.</summary>
    public SmtpServerProcess WithUntrustedTls()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var (cert, secret) = (Path.Combine(_folder, "cert.pem"), Path.Combine(_folder, "key.pem"));
        File.WriteAllText(cert, certificate.ExportCertificatePem());
        File.WriteAllText(secret, key.ExportPkcs8PrivateKeyPem());
        _arguments.AddRange(["--starttls", cert, secret]);
        return this;
    }

    public async Task<SmtpServerProcess> StartAsync()
    {
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "Notifications", "smtp_server.py"), _folder, Port.ToString(System.Globalization.CultureInfo.InvariantCulture) }.Concat(_arguments)) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        var ready = await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return ready == "ready" ? this : throw new InvalidOperationException($"The SMTP server said '{ready}'. Is python3-aiosmtpd installed?");
    }

    /// <summary>Kills it, as a machine that goes down does.</summary>
    public async Task StopAsync()
    {
        if (_process is null) return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>While it is busy it puts every message off (451).</summary>
    public void SetBusy(bool busy)
    {
        var flag = Path.Combine(_folder, "busy");
        if (busy) File.WriteAllText(flag, "");
        else File.Delete(flag);
    }

    /// <summary>Makes the portal send through it.</summary>
    public void Serve(MailOptions mail) => (mail.Host, mail.Port, mail.Security, mail.From) = ("127.0.0.1", Port, MailSecurity.None, "portal@example.org");

    /// <summary>What it has taken, oldest first.</summary>
    public IReadOnlyList<MimeMessage> Messages() => [.. Raw().Select(raw => MimeMessage.Load(new MemoryStream(raw)))];

    /// <summary>The same as bytes, as they came over the wire.</summary>
    public IReadOnlyList<byte[]> Raw() => [.. Directory.GetFiles(_folder, "*.eml").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
