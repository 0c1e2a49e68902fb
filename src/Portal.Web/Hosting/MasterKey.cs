using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace Portal.Web.Hosting;

/// <summary>The key outside the database that wraps the Data Protection keys inside it: a dump alone reveals nothing.</summary>
public sealed class MasterKey
{
    private readonly byte[] _key;

    private MasterKey(byte[] key) => _key = key;

    /// <summary>From configuration, or from <c>master.key</c> in the key folder (made when missing, mode 0600).</summary>
    public static MasterKey Load(PortalOptions options)
    {
        if (options.MasterKey is { } configured) return new MasterKey(Convert.FromBase64String(configured.Trim()));
        var file = Path.Combine(Path.GetFullPath(options.KeyFolder), "master.key");
        if (!File.Exists(file)) OwnerFile.CreateOnce(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        return new MasterKey(Convert.FromBase64String(File.ReadAllText(file).Trim()));
    }

    /// <summary>A key of its own for another purpose (HKDF-SHA-256).</summary>
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, 32, info: Encoding.UTF8.GetBytes(purpose));

    /// <summary>AES-256-GCM; nonce, tag and ciphertext in one base64 string.</summary>
    public string Encrypt(string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedBytes = new byte[12 + 16 + plain.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, 12));
        using var aes = new AesGcm(_key, 16);
        aes.Encrypt(sealedBytes.AsSpan(0, 12), plain, sealedBytes.AsSpan(28), sealedBytes.AsSpan(12, 16));
        return Convert.ToBase64String(sealedBytes);
    }

    /// <summary>The reverse; throws when the key is another one.</summary>
    public string Decrypt(string text)
    {
        var sealedBytes = Convert.FromBase64String(text);
        var plain = new byte[sealedBytes.Length - 28];
        using var aes = new AesGcm(_key, 16);
        aes.Decrypt(sealedBytes.AsSpan(0, 12), sealedBytes.AsSpan(28), sealedBytes.AsSpan(12, 16), plain);
        return Encoding.UTF8.GetString(plain);
    }
}

/// <summary>Wraps Data Protection's key ring with the master key.</summary>
public sealed class MasterKeyXmlEncryptor(MasterKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) =>
        new(new XElement("sealed", key.Encrypt(plaintextElement.ToString(SaveOptions.DisableFormatting))), typeof(MasterKeyXmlDecryptor));
}

/// <summary>The reverse of <see cref="MasterKeyXmlEncryptor"/>; Data Protection makes it from its type name.</summary>
public sealed class MasterKeyXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(services.GetRequiredService<MasterKey>().Decrypt(encryptedElement.Value));
}

/// <summary>Files that only their owner may read.</summary>
internal static class OwnerFile
{
    private const UnixFileMode FileMode0600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes the file completely or not at all; when another process was first, its content stays.</summary>
    public static void CreateOnce(string path, string content)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, FileMode0600 | UnixFileMode.UserExecute);
        var draft = $"{path}.{Guid.NewGuid():N}";
        using (var stream = new FileStream(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = FileMode0600 }))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
            stream.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }
}
