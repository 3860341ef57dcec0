//! Modules of Ansible that this program does not have: the names tell a module that is missing from a typing error.

/// Short names that playbooks use: modules of `ansible.builtin`, and those of collections that once were part of Ansible.
const NAMES: &str = "
    add_host apt apt_key apt_repository assemble async_status cron deb822_repository debconf dnf dnf5 dpkg_selections
    expect fetch find gather_facts getent git group_by hostname include_vars iptables known_hosts mount_facts package
    package_facts pause pip reboot rpm_key script service_facts set_stats subversion sysvinit validate_argument_spec
    wait_for_connection yum yum_repository

    acl alternatives apache2_module apk archive at authorized_key aws_s3 azure_rm_resourcegroup bower bundler bzr
    capabilities cloudformation composer consul consul_acl consul_kv cpanm cronvar dconf digital_ocean_domain digital_ocean_droplet digital_ocean_floating_ip
    digital_ocean_sshkey digital_ocean_tag debug_connection django_manage
    dnsmadeeasy docker_compose docker_container docker_container_info docker_host_info docker_image docker_image_info
    docker_login docker_network docker_network_info docker_node docker_prune docker_secret docker_service docker_stack
    docker_swarm docker_swarm_service docker_volume easy_install ec2 ec2_ami ec2_ami_info ec2_eip ec2_elb ec2_elb_lb ec2_group ec2_instance
    ec2_instance_info ec2_key ec2_vol ec2_vpc_net ec2_vpc_subnet ejabberd_user elb_application_lb etcd3 file_attributes
    filesystem firewalld flatpak gconftool2 gem git_config gitlab_runner github_release grafana_dashboard
    grafana_datasource haproxy helm hg homebrew homebrew_cask homebrew_tap htpasswd iam iam_policy iam_role influxdb_database
    influxdb_user ini_file interfaces_file ipa_user ipmi_power iptables_state java_cert jboss jenkins_job jenkins_plugin
    jira k8s k8s_info k8s_scale kernel_blacklist keycloak_client kibana_plugin layman ldap_attrs ldap_entry libvirt
    locale_gen logrotate lvg lvol lxc_container lxd_container macports make mail mattermost modprobe
    mongodb_replicaset mongodb_user monit mount mssql_db mysql_db mysql_info mysql_query mysql_replication mysql_user
    mysql_variables nagios nmcli nomad_job npm open_iscsi openbsd_pkg openssh_cert openssh_keypair openssl_certificate
    openssl_csr openssl_dhparam openssl_pkcs12 openssl_privatekey openssl_publickey opkg osx_defaults pacman pagerduty
    pam_limits pamd parted patch pear pkgng pkgutil podman_container podman_image podman_network podman_volume portage
    postgresql_db postgresql_ext postgresql_info postgresql_lang postgresql_membership postgresql_owner postgresql_ping
    postgresql_pg_hba postgresql_privs postgresql_query postgresql_schema postgresql_set postgresql_slot
    postgresql_table postgresql_user proxmox proxmox_kvm proxysql_servers puppet python_requirements_info rabbitmq_exchange
    rabbitmq_parameter rabbitmq_plugin rabbitmq_policy rabbitmq_queue rabbitmq_user rabbitmq_vhost redhat_subscription
    redis rhsm_release rhsm_repository route53 s3_bucket say seboolean sefcontext selinux selinux_permissive selogin
    seport service_account slack snap snmp_facts sns sudoers supervisorctl svc swupd synchronize sysctl sysrc
telegram telegram_bot terraform timezone twilio ufw urpmi uptimerobot vca_vapp
    virt virt_net virt_pool vmware_guest vmware_guest_info win_chocolatey win_command win_copy win_dns_client win_domain
    win_environment win_feature win_file win_find win_firewall win_firewall_rule win_get_url win_group win_hostname
    win_lineinfile win_package win_ping win_powershell win_psexec win_ps_module win_reboot win_reg_stat win_regedit
    win_robocopy win_schedule_task win_scheduled_task win_service win_share win_shell win_stat win_template win_unzip
    win_updates win_uri win_user win_wait_for x509_certificate x509_certificate_info x509_crl xattr xml yarn zfs zypper
    zypper_repository
";

/// What the short names of whole families of modules begin with: clouds, databases, devices.
const FAMILIES: &str = "
    aci_ aix_ ali_ avi_ aws_ azure_rm_ bigip_ ce_ cloud_init_ cloudflare_ consul_ cs_ digital_ocean_ dnsimple_ docker_
    ec2_ ecs_ eks_ elb_ eos_ exo_ f5_ fortios_ gcp_ github_ gitlab_ grafana_ hcloud_ helm_ hetzner_ iam_ influxdb_ ios_
    ipa_ jenkins_ junos_ k8s_ keycloak_ kubevirt_ ldap_ linode_ lxd_ meraki_ mongodb_ mysql_ netbox_ nxos_ oc_ oci_
    oneandone_ openssl_ openssh_ openstack_ openvswitch_ os_ ovirt_ packet_ podman_ postgresql_ profitbricks_ proxmox_
    proxysql_ rabbitmq_ rax_ rds_ redfish_ rhsm_ route53_ s3_ scaleway_ sensu_ sns_ sqs_ tower_ ucs_ utm_ vault_ vcenter_
    vmware_ vultr_ vyos_ win_ x509_ zabbix_
";

/// Whether playbooks mean a module by that short name.
pub fn has(name: &str) -> bool {
    NAMES.split_whitespace().any(|known| known == name)
        || FAMILIES.split_whitespace().any(|family| name.strip_prefix(family).is_some_and(|rest| !rest.is_empty()))
}
