using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Portal.Application.Workloads;

/// <summary>Encrypts secret parameters and allocation credentials; keys are wrapped by a master key outside the database.</summary>
public sealed class WorkloadSecrets(IDataProtectionProvider provider)
{
    private readonly IDataProtector _parameters = provider.CreateProtector("Portal.Workload.SecretParameters.v1");
    private readonly IDataProtector _credentials = provider.CreateProtector("Portal.Allocation.Credential.v1");

    public string ProtectParameters(IReadOnlyDictionary<string, JsonElement> secrets) => _parameters.Protect(PortalJson.Write(secrets));

    public IReadOnlyDictionary<string, JsonElement> ReadParameters(string? protectedJson) =>
        protectedJson is null ? new Dictionary<string, JsonElement>() : PortalJson.Read<Dictionary<string, JsonElement>>(_parameters.Unprotect(protectedJson));

    /// <summary>A fresh random credential, encrypted.</summary>
    public string NewCredential() => _credentials.Protect(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));

    public string ReadCredential(string protectedCredential) => _credentials.Unprotect(protectedCredential);
}
